#include "cli/command_line.h"

#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "cli/check_command.h"
#include "cli/completion.h"
#include "cli/control_commands.h"
#include "cli/doctor_command.h"
#include "cli/health_command.h"
#include "cli/help_command.h"
#include "cli/import_command.h"
#include "cli/output.h"
#include "cli/plan_command.h"
#include "cli/version_command.h"
#include "cli/wrap_command.h"
#include "helper/motd_main.h"
#include "helper/protocol.h"
#include "shell/run.h"
#include "sys/nss_pin.h"

namespace bootsman {

namespace {

constexpr int kWrongUsage = 2;
constexpr int kFault = 70;

struct Handler {
  std::string_view command;
  int (*run)(const Invocation& asked);
};

constexpr Handler kHandlers[] = {
    {"run",
     [](const Invocation& asked) {
       return run_command({asked.value("--config"), asked.words});
     }},
    {"wrap", [](const Invocation& asked) { return wrap_command(asked); }},
    {"motd",
     [](const Invocation& asked) {
       const std::string colour = asked.value("--colour");
       if (!colour.empty() && colour != "auto" && colour != "always" && colour != "never")
         return complain("--colour takes auto, always or never", kWrongUsage);
       return motd_command(colour == "always" || (colour != "never" && style_of_stdout().colour));
     }},
    {"helper",
     [](const Invocation& asked) {
       const bool config = asked.words.front() == "read-config";
       return config ? read_config_helper() : helper_main(asked.words.front());
     }},
    {"check", [](const Invocation& asked) { return check_command(asked); }},
    {"completion", [](const Invocation& asked) { return completion_command(asked); }},
    {"doctor", [](const Invocation& asked) { return doctor_command(asked); }},
    {"import", [](const Invocation& asked) { return import_command(asked); }},
    {"plan", [](const Invocation& asked) { return plan_command(asked); }},
    {"run-step", [](const Invocation& asked) { return run_step_command(asked); }},
    {"status", [](const Invocation& asked) { return status_command(asked); }},
    {"start", [](const Invocation& asked) { return change_command(asked); }},
    {"stop", [](const Invocation& asked) { return change_command(asked); }},
    {"restart", [](const Invocation& asked) { return change_command(asked); }},
    {"reload", [](const Invocation& asked) { return reload_command(asked); }},
    {"signal", [](const Invocation& asked) { return signal_command(asked); }},
    {"shutdown", [](const Invocation& asked) { return shutdown_command(asked); }},
    {"top", [](const Invocation& asked) { return top_command(asked); }},
    {"attach", [](const Invocation& asked) { return attach_command(asked); }},
    {"shell", [](const Invocation& asked) { return shell_command(asked); }},
    {"boot-report", [](const Invocation& asked) { return boot_report_command(asked); }},
    {"events", [](const Invocation& asked) { return events_command(asked); }},
    {"logs", [](const Invocation& asked) { return logs_command(asked); }},
    {"health", [](const Invocation& asked) { return health_command(asked); }},
    {"version", [](const Invocation&) { return version_command(); }},
    {"help", [](const Invocation& asked) { return help_command(asked); }},
};

}  // namespace

int run_command_line(std::span<const std::string> words) {
  const auto asked = parse_arguments(words, getpid() == 1);
  if (!asked) {
    std::fprintf(stderr, "%s\nTry `bootsman --help`.\n", asked.error().message().c_str());
    return kWrongUsage;
  }
  if (asked->help) {
    std::fputs(help_text(*asked->command).c_str(), stdout);
    return 0;
  }
  const std::string_view command = asked->command->name;
  // The init itself looks up no name, its helpers do, and it starts sooner without nsswitch.conf.
  if (command != "run") pin_name_services();
  for (const auto& handler : kHandlers) {
    if (handler.command == command) return handler.run(*asked);
  }
  std::fprintf(stderr, "bootsman: no part is bound to the command %s\n",
               asked->command->name.data());
  return kFault;
}

}  // namespace bootsman
