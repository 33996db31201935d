#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "base/value.h"
#include "plan/plan.h"

namespace bootsman {

/// What PID 1 asks of `helper mount` (helper/protocol.h).
struct MountRequest {
  MountPlan mount;
  std::vector<std::string> argv;  ///< Of the program; empty for bind and tmpfs.
  std::string secret;             ///< Of s3fs; empty: see secret_file.
  std::string secret_file;
  Millis stop{10'000};  ///< How long the end may take.

  /// "s3://bucket/x on /workdir", for messages.
  std::string what() const;
};

MountRequest read_mount_request(const Value& value);

}  // namespace bootsman
