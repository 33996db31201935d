#include "helper/step_runner.h"

#include <optional>

#include "base/text.h"
#include "config/step_keys.h"
#include "helper/apply.h"
#include "helper/command.h"
#include "helper/web_files.h"
#include "helper/world_facts.h"
#include "steps/sha256.h"

namespace bootsman {
namespace {

/// The old boot script wrote an empty file; this text tells ours apart.
constexpr std::string_view kFlagText =
    "Written by bootsman after the first boot. Remove it to have those steps run again.\n";

constexpr const char* kPasswordLock = "/etc/.pwd.lock";
constexpr std::chrono::seconds kLockTimeout{15};  // as lckpwdf(3)

/// What unpacking an archive may take beside its transfer.
constexpr Millis kUnpackTime{600'000};

std::string summary(const std::vector<std::string>& done) {
  constexpr std::size_t kNamed = 3;
  std::string text;
  for (std::size_t i = 0; i < done.size() && i < kNamed; ++i)
    text += (i == 0 ? "" : ", ") + done[i];
  if (done.size() > kNamed) text += " and " + std::to_string(done.size() - kNamed) + " more";
  return text;
}

std::map<std::string, std::string> hash_all(const FileView& files,
                                            const std::vector<std::string>& paths) {
  std::map<std::string, std::string> hashes;
  for (const std::string& path : paths)
    if (auto hash = hash_target(files, path)) hashes[path] = *hash;
  return hashes;
}

std::string imported(const std::vector<EnvVar>& env) {
  constexpr std::size_t kNamed = 5;
  std::string text = "imported ";
  for (std::size_t i = 0; i < env.size() && i < kNamed; ++i)
    text += (i == 0 ? "" : ", ") + env[i].name;
  if (env.size() > kNamed) text += " and " + std::to_string(env.size() - kNamed) + " more";
  return text;
}

}  // namespace

StepRunner::StepRunner(StepFacts facts, Answer answer, std::string first_boot_flag)
    : facts_(std::move(facts)),
      answer_(std::move(answer)),
      flag_(std::move(first_boot_flag)),
      record_(Record::load(facts_.state_folder)) {
  facts_.query = [this](const CommandLine& command) { return run_command(command, facts_.env); };
  facts_.fetch = [this](const WebFile& file) { return fetch_text(file, facts_.state_folder); };
}

void StepRunner::run(const Value& entry) {
  const std::string id = entry.get_string("id");
  const BuiltIn* step = find_built_in(entry.get_string("type"));
  Verdict verdict =
      step == nullptr ? Verdict{"failed", "cannot run the step: bootsman has no built-in step \"" +
                                              printable(entry.get_string("type"), 60) + "\""}
                      : decide(id, *step, entry);
  if (step != nullptr && step->first_boot) {
    first_boot_seen_ = true;
    first_boot_failed_ = first_boot_failed_ || verdict.result == "failed";
  }
  Value message;
  message.set("id", id);
  message.set("result", verdict.result);
  message.set("why", verdict.why);
  if (verdict.unused) message.set("unused", true);
  answer_(message);
}

StepRunner::Verdict StepRunner::decide(const std::string& id, const BuiltIn& step,
                                       const Value& entry) {
  const Value* settings = entry.find("settings");
  facts_.record = record_.find(id);
  facts_.beside = [this, id](const std::string& path) -> std::optional<std::string> {
    const std::string folder = record_folder_beside(path, facts_.state_folder);
    if (folder.empty()) return std::nullopt;
    const auto record = record_in(folder).find(id);
    if (!record) return std::nullopt;
    const auto found = record->targets.find(path);
    return found == record->targets.end() ? std::nullopt : std::optional(found->second);
  };
  facts_.random = random_bytes(64);
  if (facts_.random.empty()) return {"failed", "cannot get random bytes from the kernel"};
  if (step.first_boot && foreign_flag())
    return {"skipped", flag_ + " says that this was done before"};
  const std::string reason = not_due(step, entry.get_string("when"));
  if (!reason.empty()) return {"unchanged", reason};
  std::optional<PasswordLock> lock;
  if (step.locks_passwords && !pretend_) {
    auto taken = PasswordLock::take(kPasswordLock, kLockTimeout);
    if (!taken) return {"failed", taken.error().message};
    lock.emplace(std::move(*taken));
  }
  return apply(id, step, with_step_defaults(step.type, settings ? *settings : Value()));
}

std::string StepRunner::not_due(const BuiltIn& step, const std::string& when) const {
  if (when != "once" || !record_holds(facts_)) return "";
  if (step.identity_bound && !facts_.same_container()) return "";
  if (!step.secret.empty() && facts_.secrets.contains(std::string(step.secret))) return "";
  return "done before in this container";
}

bool StepRunner::foreign_flag() const {
  if (facts_.files->look(flag_).kind == PathFact::Kind::Missing) return false;
  const auto text = facts_.files->read(flag_);
  return !text || *text != kFlagText;
}

StepRunner::Verdict StepRunner::apply(const std::string& id, const BuiltIn& step,
                                      const Value& settings) {
  const auto work = step.plan(settings, facts_);
  if (!work) return {"failed", work.error().message()};
  tell(id, *work);
  if (!work->skipped.empty()) return {"skipped", work->skipped, work->unused};
  const ApplyOutcome outcome = carry_out(id, *work);
  for (const std::string& warning : outcome.warnings) say(id, warning, "warning");
  if (!outcome.ok) {
    const bool can_wait = outcome.refused && !step.must_work;
    return {can_wait ? "skipped" : "failed", outcome.error};
  }
  for (const EnvVar& var : work->env) {
    facts_.env[var.name] = var.value;
    // Our own transfers go by the proxies, too.
    (void)::setenv(var.name.c_str(), var.value.c_str(), 1);
  }
  remember(id, step, *work);
  if (!outcome.done.empty()) return {"changed", summary(outcome.done)};
  if (!work->env.empty()) return {"changed", imported(work->env)};
  return {"unchanged", "everything is as it should be"};
}

ApplyOutcome StepRunner::carry_out(const std::string& id, const StepWork& work) {
  if (pretend_) return pretend_(work);
  announce_transfers(id, work);
  return apply_work(work, [&](const CommandLine& command) {
    announce(id, command);
    return run_command(command, facts_.env);
  });
}

void StepRunner::tell(const std::string& id, const StepWork& work) {
  for (const std::string& note : work.notes) say(id, note, "info");
  for (const std::string& warning : work.warnings) say(id, warning, "warning");
  if (!work.env.empty()) {
    Value env{Value::Object{}};
    for (const EnvVar& var : work.env) env.set(var.name, var.value);
    Value message;
    message.set("id", id);
    message.set("env", std::move(env));
    answer_(message);
  }
  if (!work.wipe.empty()) {
    Value::Array names;
    for (const std::string& name : work.wipe) names.emplace_back(name);
    Value message;
    message.set("id", id);
    message.set("wipe", std::move(names));
    answer_(message);
  }
}

void StepRunner::announce(const std::string& id, const CommandLine& command) {
  // Its output comes without a name in the log.
  if (command.to_log) say(id, "running " + command.argv[0], "info");
  announce_time(id, command.timeout);
}

void StepRunner::announce_transfers(const std::string& id, const StepWork& work) {
  Millis time{0};
  for (const Change& change : work.changes)
    if (const auto* fetch = std::get_if<FetchFile>(&change))
      time += fetch->from.timeout;
    else if (const auto* fill = std::get_if<FillFolder>(&change); fill && fill->archive)
      time += kUnpackTime + (fill->archive->from ? fill->archive->from->timeout : Millis(0));
  if (time > Millis(0)) announce_time(id, time);
}

void StepRunner::announce_time(const std::string& id, Millis time) {
  Value message;
  message.set("id", id);
  message.set("needs_ms", time.count());
  answer_(message);
}

void StepRunner::say(const std::string& id, const std::string& text, const char* severity) {
  Value message;
  message.set("id", id);
  message.set("say", text);
  message.set("severity", severity);
  answer_(message);
}

Record& StepRunner::record_in(const std::string& folder) {
  const auto found = volumes_.find(folder);
  if (found != volumes_.end()) return found->second;
  return volumes_.emplace(folder, Record::load(folder)).first->second;
}

/// What lies on a volume is noted there: it may meet another container, and we another volume.
void StepRunner::remember_beside(const std::string& id, StepRecord& record) {
  std::map<std::string, StepRecord> parts;
  for (const auto& [path, hash] : record.targets) {
    const std::string folder = record_folder_beside(path, facts_.state_folder);
    if (!folder.empty()) parts[folder].targets[path] = hash;
  }
  for (auto& [folder, part] : parts) {
    part.identity = record.identity;
    record_in(folder).put(id, part, unix_now());
    // Where it can't be kept, our own record is better than none.
    if (!record_in(folder).save_privately()) continue;
    for (const auto& [path, hash] : part.targets) {
      record.targets.erase(path);
      record.elsewhere.push_back(path);
    }
  }
}

void StepRunner::remember(const std::string& id, const BuiltIn& step, const StepWork& work) {
  if (pretend_) return;
  StepRecord record;
  record.identity = facts_.identity;
  record.memo = work.memo;
  // Password files change by passwd(1), and a digest of them is nothing to keep.
  if (!step.locks_passwords) record.targets = hash_all(*facts_.files, targets_of(work));
  // Taking the flag away asks for these steps again, as it always did.
  if (step.first_boot) record.targets[flag_] = sha256_hex(kFlagText);
  remember_beside(id, record);
  // Nothing to watch and nothing to know: a read-only container need not hear of a record.
  if (record.targets.empty() && record.elsewhere.empty() && record.memo.empty()) return;
  record_.put(id, record, unix_now());
  const auto saved = record_.save();
  if (saved || record_warned_) return;
  record_warned_ = true;
  say(id, saved.error().message + ": what is done once will be looked at again at the next start",
      "warning");
}

void StepRunner::finish() {
  if (pretend_ || !first_boot_seen_ || first_boot_failed_ || foreign_flag()) return;
  (void)write_file(flag_, kFlagText);
}

}  // namespace bootsman
