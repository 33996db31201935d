#include "helper/apply.h"

#include <algorithm>

#include "base/text.h"
#include "helper/archive.h"
#include "helper/web_files.h"
#include "steps/text_block.h"
#include "sys/file.h"

namespace bootsman {
namespace {

std::string failure_text(const CommandLine& command, const CommandOutput& output) {
  const std::string& program = command.argv[0];
  if (output.timed_out) return program + " was not done after " + format_duration(command.timeout);
  const std::string words = printable(trim(output.text), 300);
  return program + " " + describe(output.status) + (words.empty() ? "" : ": " + words);
}

class Applier {
 public:
  explicit Applier(const Runner& run) : run_(run) {}

  void operator()(const MakeDirectory& change) {
    note(make_directories(change.path, change.mode), "made " + change.path);
    if (outcome.ok && change.owner)
      note(own_directory(change.path, change.mode, to_id(*change.owner)), "secured " + change.path);
  }
  void operator()(const MakeLink& change) {
    note(replace_link(change.path, change.target), "linked " + change.path);
  }
  void operator()(const RenameFile& change) {
    note(rename_file(change.from, change.to), "wrote " + change.to);
  }
  void operator()(const RemoveFile& change) {
    auto removed = remove_file(change.path);
    if (!removed && !change.or_warn.empty())
      outcome.warnings.push_back(change.or_warn + " (" + removed.error().message + ")");
    else
      note(std::move(removed), "removed " + change.path);
  }
  void operator()(const RunCommand& change) {
    if (ran(change))
      outcome.done.push_back("ran " + change.command.argv[0]);
    else
      stopped = stopped || !change.go_on;
  }
  void operator()(const FetchFile& change) {
    auto fetched = fetch_to(change);
    if (!fetched) {
      outcome.refused = fetched.error().refused() && !change.go_on;
      fail_and_go_on(std::move(fetched).error().message);
      stopped = stopped || !change.go_on;
      return;
    }
    if (!fetched->stale.empty())
      outcome.warnings.push_back(change.path + " is that of an earlier start: " + fetched->stale);
    if (fetched->changed) outcome.done.push_back("fetched " + change.path);
  }
  void operator()(const FillFolder& change) {
    (void)remove_folder(change.fresh);
    if (change.archive ? unpacked(*change.archive, change.fresh) : ran(change.make)) {
      auto renamed = rename_file(change.fresh, change.path);
      if (renamed) return outcome.done.push_back("filled " + change.path);
      fail_and_go_on(std::move(renamed).error().message);
    }
    (void)remove_folder(change.fresh);
  }
  void operator()(const WriteFile& change) {
    std::string content = change.content;
    if (change.verify) {
      const auto chosen = choose(change);
      if (!chosen) return;
      content = *chosen;
    }
    WriteOptions options;
    options.mode = change.mode;
    if (change.owner) options.owner = to_id(*change.owner);
    options.follow = change.follow;
    note(write_file(change.path, content, options), "wrote " + change.path);
  }

  ApplyOutcome outcome;
  bool stopped = false;

 private:
  static FileId to_id(const FileOwner& owner) { return {owner.uid, owner.gid}; }

  bool unpacked(const ArchiveFile& archive, const std::string& folder) {
    if (archive.from) {
      const auto fetched =
          fetch_to(FetchFile{.from = *archive.from, .path = archive.path, .mode = 0600});
      if (!fetched) {
        fail_and_go_on(fetched.error().message);
        return false;
      }
    }
    const auto made = make_directories(folder);
    auto done = made ? unpack_archive(archive, folder) : fail(made.error().message);
    if (archive.from) (void)remove_file(archive.path);
    // Only now, so that nobody else can reach into it while it is filled.
    if (const auto& owner = archive.owner; done && owner)
      if (auto owned = own_directory(folder, 0755, to_id(*owner)); !owned)
        done = fail(owned.error().message);
    if (!done) fail_and_go_on(done.error().message());
    return done.has_value();
  }
  bool ran(const RunCommand& change) {
    const auto output = run_(change.command);
    if (output && !output->timed_out && output->status.success()) return true;
    const std::string reason =
        output ? failure_text(change.command, *output) : output.error().message();
    fail_and_go_on("cannot " + change.intent + ": " + reason);
    return false;
  }
  void note(FileResult<bool> result, std::string what) {
    if (!result) {
      outcome.refused = result.error().refused();
      fail_with(result.error().message);
    } else if (*result) {
      outcome.done.push_back(std::move(what));
    }
  }
  void fail_with(std::string error) {
    fail_and_go_on(std::move(error));
    stopped = true;
  }
  void fail_and_go_on(std::string error) {
    if (!outcome.ok) error = outcome.error + "; " + error;
    outcome.ok = false;
    outcome.error = std::move(error);
  }

  /// The first candidate that passes; what is in place already need not be tried again.
  std::optional<std::string> choose(const WriteFile& change) {
    std::vector<std::string> candidates = {change.content};
    candidates.insert(candidates.end(), change.fallbacks.begin(), change.fallbacks.end());
    const std::string trial = change.path + ".bootsman-try";
    (void)remove_file(trial);
    const auto current = read_file(change.path);
    if (current && std::ranges::find(candidates, *current) != candidates.end()) return *current;
    std::string reason;
    for (const std::string& candidate : candidates) {
      WriteOptions options;
      options.mode = 0600;
      if (auto written = write_file(trial, candidate + change.verify->context, options); !written) {
        note(std::move(written), "");
        return std::nullopt;
      }
      reason = refusal(change, trial);
      (void)remove_file(trial);
      if (reason.empty()) return candidate;
    }
    fail_with("cannot change " + change.path + ": " + reason);
    return std::nullopt;
  }

  /// Empty when the file passes.
  std::string refusal(const WriteFile& change, const std::string& trial) {
    CommandLine command = change.verify->command;
    for (std::string& argument : command.argv)
      if (argument == "{}") argument = trial;
    const auto output = run_(command);
    if (!output) return output.error().message();
    if (output->timed_out || !output->status.success()) return failure_text(command, *output);
    const auto lines = lines_of(output->out);
    for (const std::string& wanted : change.verify->expect)
      if (std::ranges::find(lines, wanted) == lines.end())
        return command.argv[0] + " would not have \"" + wanted + "\"";
    return "";
  }

  const Runner& run_;
};

}  // namespace

ApplyOutcome apply_work(const StepWork& work, const Runner& run) {
  Applier applier(run);
  for (const Change& change : work.changes) {
    std::visit(applier, change);
    if (applier.stopped) break;
  }
  return std::move(applier.outcome);
}

std::vector<std::string> targets_of(const StepWork& work) {
  std::vector<std::string> paths = work.keeps;
  for (const Change& change : work.changes) {
    if (const auto* write = std::get_if<WriteFile>(&change)) paths.push_back(write->path);
    if (const auto* link = std::get_if<MakeLink>(&change)) paths.push_back(link->path);
    if (const auto* fetch = std::get_if<FetchFile>(&change)) paths.push_back(fetch->path);
    if (const auto* rename = std::get_if<RenameFile>(&change)) paths.push_back(rename->to);
  }
  std::ranges::sort(paths);
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  return paths;
}

}  // namespace bootsman
