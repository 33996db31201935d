#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "base/text.h"
#include "helper/channel.h"
#include "helper/conditions.h"
#include "helper/doctor_facts.h"
#include "helper/fetch_task.h"
#include "helper/hook_task.h"
#include "helper/log_file_task.h"
#include "helper/mount_conflict.h"
#include "helper/mount_keeper.h"
#include "helper/mount_request.h"
#include "helper/mount_target.h"
#include "helper/protocol.h"
#include "helper/step_runner.h"
#include "helper/world_facts.h"
#include "plan/doctor_request.h"
#include "sys/file.h"
#include "sys/termination_log.h"

namespace bootsman {
namespace {

std::map<std::string, std::string> string_map(const Value* object) {
  std::map<std::string, std::string> map;
  if (object == nullptr || object->object() == nullptr) return map;
  for (const auto& [name, value] : *object->object())
    if (value.string() != nullptr) map[name] = *value.string();
  return map;
}

const Value::Array& items_of(const Value& request, std::string_view key) {
  static const Value::Array kNone;
  const Value* member = request.find(key);
  return member != nullptr && member->array() != nullptr ? *member->array() : kNone;
}

void run_steps(const Value& request, Channel& channel) {
  const DiskFiles files;
  StepRunner runner(
      gather_facts(string_map(request.find("env")), string_map(request.find("secrets")), files),
      [&](const Value& message) { channel.answer(message); });
  for (const Value& entry : items_of(request, "steps")) runner.run(entry);
  runner.finish();
}

constexpr const char* kStartScript = "/run.sh";
constexpr std::size_t kScriptMax = 256 * 1024;

/// Of a mount: why it must not be made.
std::string find_conflict(const Value& question) {
  const std::string target = question.get_string("target");
  if (target.empty()) return "";
  const std::vector<std::string> job = question.get_strings("job");
  std::vector<std::string> files = named_files(job);
  if (std::ranges::find(files, kStartScript) == files.end()) files.emplace_back(kStartScript);
  std::vector<ScriptText> scripts{{"the job's command", join(job, " ")}};
  for (const std::string& file : files) {
    if (file.starts_with(target + "/")) continue;  // Not there before the mount.
    const FileStat st = stat_target(file);
    if (st.kind != FileKind::Regular) continue;
    // A program is none: a script begins with #! or is text.
    auto text = read_text(file, kScriptMax);
    if (text && text->find('\0') == std::string::npos) scripts.push_back({file, std::move(*text)});
  }
  return mount_conflict(target, current_mounts_on(target), scripts);
}

void run_conditions(const Value& request, Channel& channel) {
  const DiskFiles files;
  for (const Value& question : items_of(request, "ask")) {
    const ConditionVerdict verdict =
        judge_conditions(files, question.get_strings("if_exists"),
                         question.get_strings("if_not_exists"), question.get_string("path"));
    const std::string conflict = verdict.holds ? find_conflict(question) : "";
    Value answer;
    answer.set("id", question.get_string("id"));
    answer.set("holds", verdict.holds && conflict.empty());
    answer.set("why", verdict.holds ? conflict : verdict.why);
    channel.answer(answer);
  }
}

void run_probe_file(const Value& request, Channel& channel) {
  const FileStat st = stat_target(request.get_string("path"));
  Value answer;
  answer.set("ok", st.kind != FileKind::Missing);
  channel.answer(answer);
}

void run_doctor(const Value& request, Channel& channel) {
  const DoctorQuestion question = read_doctor_request(request);
  DoctorFacts facts =
      gather_doctor_facts(question.plan, string_map(request.find("env")), question.paths);
  facts.init_runs = true;
  const auto findings = diagnose(question.plan, facts);
  if (findings.empty()) return;
  Value answer;
  answer.set("say", summary_of(findings));
  answer.set("severity", findings[0].weight == Finding::Weight::Bad ? "warning" : "info");
  channel.answer(answer);
}

void run_fetch(const Value& request, Channel& channel) {
  channel.answer(answer_fetch(request));
}

void run_log_file(const Value& request, Channel&) {
  write_log_file(request);
}

void run_last_words(const Value& request, Channel&) {
  write_termination_log(request.get_string("path"), request.get_string("text"));
}

void run_uncover(const Value& request, Channel&) {
  for (const std::string& target : request.get_strings("targets")) uncover_target(target);
}

int run_mount() {
  Channel channel(kHelperFd);
  const auto request = channel.read_line();
  if (!request) {
    std::fprintf(stderr, "helper mount: %s\n", request.error().message().c_str());
    return 1;
  }
  return MountKeeper(read_mount_request(*request), channel, kHelperFd).run();
}

struct Task {
  std::string_view name;
  void (*run)(const Value& request, Channel& channel);
};

constexpr Task kTasks[] = {
    {"steps", run_steps},       {"conditions", run_conditions}, {"probe-file", run_probe_file},
    {"fetch", run_fetch},       {"doctor", run_doctor},         {"hook", tell_events},
    {"log-file", run_log_file}, {"last-words", run_last_words}, {"uncover", run_uncover}};

}  // namespace

int helper_main(std::string_view name) {
  if (name == "mount") return ::chdir("/") == 0 ? run_mount() : 1;
  for (const Task& task : kTasks) {
    if (task.name != name) continue;
    // A helper must not keep a folder busy that is to be unmounted.
    if (::chdir("/") != 0) return 1;
    Channel channel(kHelperFd);
    const auto request = channel.read_request();
    if (!request) {
      std::fprintf(stderr, "helper %s: %s\n", std::string(name).c_str(),
                   request.error().message().c_str());
      return 1;
    }
    task.run(*request, channel);
    return 0;
  }
  std::fprintf(stderr, "there is no helper \"%s\"\n", printable(name, 60).c_str());
  return 2;
}

}  // namespace bootsman
