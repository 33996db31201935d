#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/types.h"
#include "plan/plan.h"

namespace bootsman {

// What a built-in step wants done: plain data, made by its pure function (steps/catalog.h), carried
// out by helper/apply.h.

/// A program with its arguments. Run without a terminal, in "/", its whole process group killed
/// when the time is over.
struct CommandLine {
  std::vector<std::string> argv = {};
  std::string input = {};  ///< Its stdin; never logged.
  Millis timeout{10'000};
  std::vector<EnvVar> env = {};  ///< Beside the init's own.
  /// What it prints goes to the init's log at once instead of into CommandOutput.
  bool to_log = false;
};

/// A file of a server.
struct WebFile {
  std::string url = {};
  std::string sha256 = {};  ///< Empty: what comes is not checked.
  bool insecure = false;    ///< Plain http, and certificates are not looked at.
  std::string ca_file = {};
  std::uint64_t max_size = 0;
  Millis timeout{60'000};
};

struct CommandOutput {
  ExitStatus status = {};
  bool timed_out = false;
  std::string out = {};   ///< stdout, at most 1 MiB.
  std::string text = {};  ///< stderr, at most 16 KiB.
};

/// Content is tried by a program before it takes the place of the old.
struct Verification {
  CommandLine command = {};              ///< "{}" in an argument stands for the temporary file.
  std::vector<std::string> expect = {};  ///< Lines that its stdout must contain.
  /// Follows the content in the temporary file: of a part, what it is put in front of.
  std::string context = {};
};

/// Whose a file shall be.
struct FileOwner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

struct WriteFile {
  std::string path = {};
  std::string content = {};
  std::optional<std::uint32_t> mode = {};  ///< Nothing: the old file's, 0644 for a new one.
  std::optional<FileOwner> owner = {};     ///< Nothing: the old file's, ours for a new one.
  bool follow = true;                      ///< A symlink is kept and its target written.
  std::optional<Verification> verify = {};
  /// Tried in order where `content` does not pass. Nothing passes: the step fails, the file stays.
  std::vector<std::string> fallbacks = {};
};
struct MakeDirectory {
  std::string path = {};
  std::uint32_t mode = 0755;
  /// With an owner the folder has it, and the mode, also where it was there before.
  std::optional<FileOwner> owner = {};
};
struct MakeLink {
  std::string path = {};
  std::string target = {};
};
struct RemoveFile {
  std::string path = {};
  /// Not empty: a failure is no failure of the step, but this is said as a warning, with the
  /// reason.
  std::string or_warn = {};
};
struct RenameFile {
  std::string from = {};
  std::string to = {};
};
struct RunCommand {
  CommandLine command = {};
  std::string intent = {};  ///< "make the host key /etc/ssh/ssh_host_rsa_key", for error texts.
  /// A failure is the step's at its end: the changes that follow are made all the same.
  bool go_on = false;
};

/// Brings a file up to date with a server's, as helper/transfer.h does it.
struct FetchFile {
  WebFile from = {};
  std::string path = {};
  std::optional<std::uint32_t> mode = {};
  std::optional<FileOwner> owner = {};
  std::string memory = {};  ///< Folder for the server's ETags; empty: none.
  /// A failure is the step's at its end: the changes that follow are made all the same.
  bool go_on = false;
};
/// An archive to be unpacked (helper/archive.h).
struct ArchiveFile {
  std::string path = {};
  std::optional<WebFile> from = {};  ///< Fetched to `path` first, which is removed afterwards.
  std::uint64_t max_size = 0;        ///< Of all that is in it together.
  std::optional<FileOwner> owner = {};
};

/// Makes a folder that is absent or empty: the folder `fresh` beside it is filled, then takes its
/// place whole. A failure is the step's at its end.
struct FillFolder {
  std::string path = {};
  std::string fresh = {};  ///< What an interrupted run left there is removed first.
  RunCommand make = {};    ///< Fills `fresh`, unless an archive does.
  std::optional<ArchiveFile> archive = {};
};

using Change = std::variant<WriteFile, MakeDirectory, MakeLink, RemoveFile, RenameFile, RunCommand,
                            FetchFile, FillFolder>;

struct StepWork {
  std::vector<Change> changes;        ///< In order; the first failure ends the step.
  std::vector<EnvVar> env;            ///< Variables that the init imports.
  std::vector<std::string> notes;     ///< For the init's log.
  std::vector<std::string> warnings;  ///< The same, for whom it concerns.
  std::vector<std::string> wipe;      ///< Secrets that PID 1 may forget.
  /// Files that the record watches besides those that are written: kept ones of an earlier run.
  std::vector<std::string> keeps;
  /// Kept in the step's record for the next run, for instance the hash of a password.
  std::string memo;
  std::string skipped;  ///< Not empty: nothing to do here, for this reason; `changes` is empty.
  bool unused = false;  ///< Skipped because no setting, variable or file asks for anything.

  static StepWork skip(std::string reason) {
    StepWork work;
    work.skipped = std::move(reason);
    return work;
  }
  static StepWork skip_unused(std::string reason) {
    StepWork work = skip(std::move(reason));
    work.unused = true;
    return work;
  }
};

}  // namespace bootsman
