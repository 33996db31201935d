#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "steps/work.h"

namespace bootsman {

/// What is at a path.
struct PathFact {
  enum class Kind : std::uint8_t { Missing, File, Directory, Symlink, Other };
  Kind kind = Kind::Missing;
  std::uint32_t mode = 0;
  std::string link;  ///< Target of a symlink, as written.
};

/// The container's files as a step may see them: only for reading.
class FileView {
 public:
  virtual ~FileView() = default;
  /// Without following a last symlink.
  virtual PathFact look(const std::string& path) const = 0;
  /// What is there in the end; Missing for a dangling link.
  virtual PathFact follow(const std::string& path) const = 0;
  /// At most 4 MiB.
  virtual Result<std::string> read(const std::string& path) const = 0;
  /// Names in a folder, sorted.
  virtual std::vector<std::string> list(const std::string& path) const = 0;
};

/// What an earlier run of a step left in the record (helper/record.h).
struct StepRecord {
  std::string identity;                        ///< Of the container it ran in.
  std::map<std::string, std::string> targets;  ///< path → hash_target() after the run.
  /// Targets on other file systems than the record's, whose hashes lie there: StepFacts::beside.
  std::vector<std::string> elsewhere;
  std::string memo;
};

/// A text that a server gave.
struct WebText {
  std::string text;
  std::string stale;  ///< Not empty: it is of an earlier time, since the server is away, for this.
};

/// All that a step may know. Given the same facts it wants the same work.
struct StepFacts {
  std::map<std::string, std::string> env;  ///< The init's, without secrets.
  std::map<std::string, std::string> secrets;
  const FileView* files = nullptr;
  std::string identity;  ///< "pod:UID", "container:ID" or "host:NAME".
  std::optional<StepRecord> record;
  /// The hash of a target of this step that a run left on the target's own volume, be it a run in
  /// another container. Absent: no such records.
  std::function<std::optional<std::string>(const std::string& path)> beside;
  std::string random;      ///< 64 random bytes, fresh for each step.
  std::int64_t today = 0;  ///< Days since 1970-01-01, UTC.
  bool is_root = true;
  bool init_is_pid_1 = true;
  std::string image_path;  ///< Of the init's own executable.
  std::string state_folder = "/var/lib/bootsman";
  /// Runs a program that only looks. Fails where it can't be run.
  std::function<Result<CommandOutput>(const CommandLine&)> query;
  /// The text of a server's file, of at most 1 MiB.
  std::function<Result<WebText>(const WebFile&)> fetch;
  /// crypt(3): the hash of `secret` by the method and salt of `setting` (a salt or a whole hash).
  /// Fails for a method that is not known here.
  std::function<Result<std::string>(std::string_view secret, std::string_view setting)> crypt;

  bool same_container() const { return record && record->identity == identity; }
  /// The hash of a target after the latest run that knows of it.
  std::optional<std::string> recorded(const std::string& path) const;
  std::string env_or(std::string_view name, std::string_view otherwise) const;
};

/// The members of a table of strings among the settings, in their order.
std::vector<std::pair<std::string, std::string>> string_pairs(const Value& settings,
                                                              std::string_view key);

/// The file's text; nothing where no file is. Another failure is an error.
Result<std::optional<std::string>> read_if_there(const StepFacts& facts, const std::string& path);

/// A bare name is looked for in the PATH of the facts; a path must be an executable file itself.
std::optional<std::string> find_program(const StepFacts& facts, std::string_view name);

/// SHA-256 in hex of the file's bytes, or of "-> TARGET" for a symlink; nothing where neither is.
std::optional<std::string> hash_target(const FileView& files, const std::string& path);

enum class Ownership : std::uint8_t {
  Free,    ///< Nothing there, or only blanks.
  Ours,    ///< As an earlier run left it, or (without a record) with our first line.
  Foreign  ///< Made or changed by the image's author or a user: is kept.
};

/// The line that begins every whole file of ours that knows comments, after a "#!" line.
std::string written_by(std::string_view step);

Result<Ownership> owner_of(const StepFacts& facts, const std::string& path);

/// A secret by name: its value, else the content of the file that NAME_FILE names, without a last
/// line end. Empty counts as not given.
Result<std::optional<std::string>> find_secret(const StepFacts& facts, const std::string& name);

/// True when the record counts: each target that it names is there with the recorded hash, those
/// on volumes with the hash that the volume's own record has. So neither a new volume nor a new
/// container passes for the old one.
bool record_holds(const StepFacts& facts);

}  // namespace bootsman
