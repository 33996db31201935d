#include "shell/run.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/version.h"
#include "logs/last_words.h"
#include "shell/control_place.h"
#include "shell/last_words_file.h"
#include "shell/load_config.h"
#include "shell/overlay.h"
#include "shell/read_config.h"
#include "shell/runtime.h"
#include "shell/setup.h"

namespace bootsman {
namespace {

constexpr int kExitInternal = 70;  // EX_SOFTWARE of sysexits.h
constexpr int kExitConfig = 78;    // EX_CONFIG

void print(const std::string& line) {
  std::fprintf(stderr, "%s\n", line.c_str());
}

/// Who looks for the reason from outside sees no log of a container that never came up.
void leave_word(const Setup& setup, const LoadedConfig& loaded, std::string reason) {
  for (const std::string& line : loaded.lines()) reason += "\n" + line;
  SecretMarks secrets(0);
  for (const EnvVar& variable : inherited_environment())
    if (std::ranges::find(loaded.plan.secret_names, variable.name) !=
        loaded.plan.secret_names.end())
      secrets.add(variable.value);
  write_last_words(setup, loaded.plan.termination_log,
                   termination_message({std::move(reason), kExitConfig, "", {}}, secrets));
}

/// 0, or why there are not the few descriptors without which libuv aborts (errno).
int lack_of_descriptors() {
  int copies[8];
  int made = 0;
  int error = 0;
  while (made < 8 && error == 0) {
    copies[made] = ::fcntl(0, F_DUPFD_CLOEXEC, 3);
    if (copies[made] < 0)
      error = errno;
    else
      ++made;
  }
  while (made > 0) ::close(copies[--made]);
  return error;
}

int no_loop(int status) {
  const bool descriptors = status == UV_EMFILE || status == UV_ENFILE;
  print("bootsman: cannot set up the event loop: " + uv_reason(status) +
        (descriptors ? "; raise the limit on open files (ulimit -n)" : ""));
  return kExitInternal;
}

int run_plan(const Setup& setup, uv_loop_t* loop, LoadedConfig loaded, ConfigRequest request) {
  const Plan& plan = loaded.plan;
  const std::vector<std::string> warnings = loaded.lines();
  std::vector<EnvVar> environment = inherited_environment();
  std::vector<EnvVar> secrets = take_secrets(environment, plan.secret_names);
  request.overlay = loaded.overlay;
  ConfigOrigin origin{std::move(request), {}, std::move(loaded.read_files), loaded.overlay_outcome};
  for (const EnvVar& variable : environment) origin.env.emplace(variable.name, variable.value);
  int code = kExitInternal;
  {
    Runtime runtime(loop, setup, plan, std::move(loaded.web),
                    UnitEnvironment(std::move(environment), std::move(secrets)), std::move(origin));
    std::string from;
    for (const std::string& source : plan.sources) from += (from.empty() ? "" : ", ") + source;
    runtime.say(Severity::Info, std::string("bootsman ") + std::string(kVersion) +
                                    (setup.pid1 ? "" : " (not PID 1: as a subreaper)") + ", " +
                                    std::to_string(plan.units.size()) + " units of " + from);
    for (const std::string& warning : warnings) runtime.say(Severity::Warning, warning);
    for (const std::string& note : setup.notes) runtime.say(Severity::Warning, note);
    const auto ended = runtime.run();
    if (ended)
      code = *ended;
    else
      print("bootsman: " + ended.error().message());
  }
  // The handles' memory is freed by their close callbacks.
  uv_run(loop, UV_RUN_NOWAIT);
  return code;
}

}  // namespace

int run_command(const RunOptions& options) {
  const Setup setup = set_up_process();
  if (const std::string socket = init_that_answers(); !socket.empty()) {
    print("bootsman: cannot run a second init here: PID 1 of this container is a Bootsman (" +
          socket +
          "); ask it by `bootsman status`, `bootsman restart UNIT` or `bootsman reload`, or give a "
          "second one a BOOTSMAN_SOCKET of its own");
    return kExitConfig;
  }
  // First, or the configuration would seem to be what can't be read.
  if (const int lacking = lack_of_descriptors(); lacking != 0) return no_loop(-lacking);
  ConfigRequest request;
  if (!options.config.empty()) request.path = options.config;
  request.command_line = options.command;
  auto read = read_configuration(setup, request, own_environment());
  if (!read) {
    print("bootsman: told to stop before the configuration was read; nothing was started");
    return 0;
  }
  LoadedConfig loaded = std::move(*read);
  if (!loaded.ok()) {
    for (const std::string& line : loaded.lines()) print(line);
    const std::string what =
        "cannot start: the configuration is not valid, and nothing was started";
    print("bootsman: " + what);
    leave_word(setup, loaded, what);
    return kExitConfig;
  }
  if (steps_would_change_a_machine(loaded.plan)) {
    print(
        "bootsman: cannot run the boot steps here: this is not a container, and they would change "
        "this machine's /etc and /root; run it as a container's entry point, or write extends = "
        "\"empty\" in a configuration of your own");
    return kExitConfig;
  }
  uv_loop_t loop;
  if (const int status = uv_loop_init(&loop); status != 0) return no_loop(status);
  lay_overlay(setup, &loop, request, own_environment(), loaded);
  return run_plan(setup, &loop, std::move(loaded), std::move(request));
}

}  // namespace bootsman
