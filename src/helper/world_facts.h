#pragma once

#include <map>
#include <string>

#include "steps/facts.h"

namespace bootsman {

/// The real files of this process's root.
class DiskFiles : public FileView {
 public:
  PathFact look(const std::string& path) const override;
  PathFact follow(const std::string& path) const override;
  Result<std::string> read(const std::string& path) const override;
  std::vector<std::string> list(const std::string& path) const override;
};

/// The facts that do not depend on the step: who and where we are. `env` is the init's environment;
/// BOOTSMAN_STATE_DIR in it moves the state folder. The view must outlive the facts.
StepFacts gather_facts(std::map<std::string, std::string> env,
                       std::map<std::string, std::string> secrets, const FileView& files);

/// `length` bytes of the kernel's randomness.
std::string random_bytes(std::size_t length);

std::int64_t unix_now();

}  // namespace bootsman
