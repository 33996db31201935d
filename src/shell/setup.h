#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"
#include "shell/spawn.h"
#include "sys/fd.h"

namespace bootsman {

/// What the init found and made of its own process at the start.
struct Setup {
  bool pid1 = false;
  UniqueFd image;                  ///< The init's own executable, to run helpers from.
  Inherited inherited;             ///< What children get back.
  std::vector<std::string> notes;  ///< What could not be done, one sentence each.
};

/// The chores of an init, before anything else: standard streams open, foreign descriptors
/// close-on-exec, all signals blocked (they are read from a signalfd), file limit raised, no core
/// dumps (they would hold secrets), subreaper when not PID 1.
Setup set_up_process();

/// Whether this process lives in a container: PID 1, a PID namespace of its own, or one of the
/// signs that container engines leave (/.dockerenv, /run/.containerenv, $container,
/// $KUBERNETES_SERVICE_HOST). Boot steps write into /etc, which on a plain machine is the owner's.
bool in_container();

/// Boot steps rewrite /etc, /root and the time zone of the machine that they run on: whether the
/// plan has such steps, and this is no container.
bool steps_would_change_a_machine(const Plan& plan);

/// The variables that this process was started with, in their order; those without "=" are skipped.
std::vector<EnvVar> inherited_environment();

/// Takes the named variables out of `environment`, and overwrites their values in this process's
/// own environment block, which /proc/PID/environ shows.
std::vector<EnvVar> take_secrets(std::vector<EnvVar>& environment,
                                 const std::vector<std::string>& names);

}  // namespace bootsman
