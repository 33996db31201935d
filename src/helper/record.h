#pragma once

#include <map>
#include <string>

#include "base/value.h"
#include "steps/facts.h"
#include "sys/file.h"

namespace bootsman {

/// What earlier runs of the steps left: FOLDER/record.json, version 1, mode 0600.
///   {"schema":1,"steps":{"step.motd":{"identity":"pod:…","time":1700000000,
///                                     "targets":{"/etc/matrixdc-motd":"SHA-256"},"memo":""}}}
/// An "elsewhere":[PATH…] names targets whose hashes lie in the record of their own volume.
class Record {
 public:
  /// A file that is missing, damaged or of another version is an empty record: the steps run again,
  /// which is always allowed.
  static Record load(const std::string& folder);

  std::optional<StepRecord> find(const std::string& id) const;
  void put(const std::string& id, const StepRecord& record, std::int64_t unix_time);
  /// Writes the file, and its folder where it is missing.
  FileResult<bool> save() const;
  /// The same, but only into a folder that nobody else can have prepared: not through symbolic
  /// links, and not where another user owns it.
  FileResult<bool> save_privately() const;

 private:
  std::string folder_;
  std::map<std::string, Value> steps_;
};

/// The folder for the record of what lies at `path`, where that is on another file system than
/// `state_folder`: .bootsman in the highest folder of that file system above `path`. Empty where it
/// is on the same, or where a look at the folders above fails.
std::string record_folder_beside(const std::string& path, const std::string& state_folder);

}  // namespace bootsman
