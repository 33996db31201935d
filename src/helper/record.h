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
class Record {
 public:
  /// A file that is missing, damaged or of another version is an empty record: the steps run again,
  /// which is always allowed.
  static Record load(const std::string& folder);

  std::optional<StepRecord> find(const std::string& id) const;
  void put(const std::string& id, const StepRecord& record, std::int64_t unix_time);
  /// Writes the file, and its folder where it is missing.
  FileResult<bool> save() const;

 private:
  std::string folder_;
  std::map<std::string, Value> steps_;
};

}  // namespace bootsman
