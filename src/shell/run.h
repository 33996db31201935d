#pragma once

#include <string>
#include <vector>

namespace bootsman {

struct RunOptions {
  std::string config;                ///< Path given by --config; empty: the usual places.
  std::vector<std::string> command;  ///< What stands behind `--`: becomes the job.
};

/// `bootsman run`: is the init until the end. Returns the exit code of the process: as the design's
/// table says, 78 for a bad configuration, 70 where the init itself cannot be set up.
int run_command(const RunOptions& options);

}  // namespace bootsman
