#include <algorithm>
#include <array>

#include "cli/args.h"

namespace bootsman {

namespace {

constexpr OptionRow kRunOptions[] = {
    {"--config", "FILE", "read FILE instead of /etc/bootsman/bootsman.toml"},
};
constexpr OptionRow kWrapOptions[] = {
    {"--single-child", "", "signals go to CMD alone, not to its process group"},
    {"--rewrite", "SIG:SIG", "forward the first signal as the second; 0 drops it"},
    {"--subreaper", "", "reap orphans although not PID 1"},
    {"--parent-death", "SIG", "get SIG when the parent dies, and forward it"},
    {"--remap-exit", "CODE", "this exit code becomes 0"},
    {"--warn-on-reap", "", "say when an orphan was reaped", "-w"},
    {"--verbose", "", "say what happens; twice: every signal too", "-v"},
};
constexpr OptionRow kCheckOptions[] = {
    {"--env", "", "variables must have values in this environment (else a warning)"},
};
constexpr OptionRow kPlanOptions[] = {
    {"--config", "FILE", "read FILE instead of /etc/bootsman/bootsman.toml"},
    {"--diff", "", "show how files would change"},
    {"--json", "", "print all of it as JSON"},
    {"--dot", "", "print who waits for whom as a graph, for dot(1)"},
};
constexpr OptionRow kRunStepOptions[] = {
    {"--config", "FILE", "read FILE instead of /etc/bootsman/bootsman.toml"},
};
constexpr OptionRow kDoctorOptions[] = {
    {"--config", "FILE", "read FILE instead of /etc/bootsman/bootsman.toml"},
    {"--json", "", "print the findings as JSON"},
};
constexpr OptionRow kHealthOptions[] = {
    {"--live", "", "does the init answer at all"},
    {"--ready", "", "is the boot done and every unit ready"},
    {"--startup", "", "is the boot done"},
};
constexpr OptionRow kMotdOptions[] = {
    {"--colour", "WHEN", "auto (default), always or never"},
};
constexpr OptionRow kHelpOptions[] = {
    {"--man", "", "print the manual page, for man(1)"},
    {"--reference", "", "print the reference of all keys, as Markdown"},
};

constexpr OptionRow kStatusOptions[] = {
    {"--json", "", "print the answer as JSON"},
    {"--watch", "", "show the table again every 2 s, with processor time, until q"},
};
constexpr OptionRow kLogsOptions[] = {
    {"-n", "N", "the last N lines, at most 10000 (default: 100)"},
    {"-f", "", "go on with the lines that come"},
    {"--since", "TIME", "only lines since then: 10m ago, or 2026-05-01T12:00:00Z"},
    {"--json", "", "print each line as a line of JSON"},
};

constexpr OptionRow kAttachOptions[] = {
    {"--detach-keys", "KEYS", "what ends it (default: ctrl-],ctrl-]), as ctrl-p,ctrl-q"},
};

constexpr OptionRow kEventsOptions[] = {
    {"-n", "N", "the last N events, at most 1024 (default: 100, with -f none)"},
    {"-f", "", "go on with the events that come"},
    {"--json", "", "print each event as a line of JSON"},
};

constexpr OptionRow kBootReportOptions[] = {
    {"--svg", "", "draw it, as an SVG image for a browser"},
    {"--json", "", "print the answer as JSON"},
};

constexpr OptionRow kChangeOptions[] = {
    {"--timeout", "TIME", "how long to wait for the end of it, such as 30s (default: 1m)"},
};
constexpr OptionRow kReloadOptions[] = {
    {"--timeout", "TIME", "how long to wait for the end of it, such as 30s (default: 5m)"},
};
constexpr OptionRow kShutdownOptions[] = {
    {"--exit-code", "N", "the container's exit code; a job's own code goes before it"},
};

constexpr std::array<CommandRow, 26> kCommands{{
    {.name = "run",
     .words = "[--] [CMD…]",
     .doc = "be the init of this container; CMD becomes its job",
     .details =
         "Boots the units of the configuration and keeps them running until SIGTERM.\n"
         "Without a configuration file the built-in preset \"workspace\" is used. With CMD\n"
         "the container ends when CMD ends, with its exit code; without, with 0 after an\n"
         "orderly stop. Exit code 78: the configuration is wrong, and nothing was\n"
         "started.\n"
         "\n"
         "The configuration is FILE, else $BOOTSMAN_CONFIG, else\n"
         "/etc/bootsman/bootsman.toml; then /etc/bootsman/conf.d/*.toml in name order.\n",
     .options = kRunOptions,
     .words_max = 1'000'000,
     .takes_command = true},
    {.name = "wrap",
     .words = "[--] CMD…",
     .doc = "run one command as tini and dumb-init do: no services",
     .details =
         "Reads no configuration. Forwards every signal to CMD's process group, reaps\n"
         "orphans, leaves the standard streams alone, and ends with CMD's exit code, 128\n"
         "+ n for signal n, 127 when CMD is not found, 126 when it can't be executed. A\n"
         "shell's job control works through it. --rewrite and --remap-exit may be\n"
         "repeated.\n"
         "\n"
         "Called as tini, tini-static, docker-init or dumb-init (a link, or a copy of\n"
         "that name) it takes those programs' own options and variables.\n",
     .options = kWrapOptions,
     .words_min = 1,
     .words_max = 1'000'000,
     .takes_command = true},
    {.name = "check",
     .words = "[FILE]",
     .doc = "validate the configuration: every error with its line",
     .details =
         "Starts nothing. FILE is found as by `bootsman run`. Exit code 0: good, 1:\n"
         "errors.\n",
     .options = kCheckOptions,
     .words_max = 1},
    {.name = "plan",
     .words = "[--] [CMD…]",
     .doc = "show what a start would do, in which order and why",
     .details =
         "Writes nothing and starts nothing but programs that only look; /etc/profile is\n"
         "read as at a start. Of a file that not everybody may read no text is shown. An\n"
         "overlay of [step.remote] is not fetched: that of the last start counts.\n",
     .options = kPlanOptions,
     .words_max = 1'000'000,
     .takes_command = true},
    {.name = "run-step",
     .words = "NAME",
     .doc = "do one boot step now, also when it was done before",
     .details =
         "Exit code 0: it is done, or there is nothing to do; 1: it failed, or was not\n"
         "done within its timeout.\n",
     .options = kRunStepOptions,
     .words_min = 1,
     .words_max = 1},
    {.name = "health",
     .words = "",
     .doc = "ask the running init for its health, for exec probes",
     .details =
         "Prints the answer of /health (or of /health/live, /health/ready,\n"
         "/health/startup) and exits 0 when it is good, 1 when it is not, or does not\n"
         "come within 2 s, 69 when no init listens. Asks $BOOTSMAN_HEALTH_URL\n"
         "(http://ADDRESS:PORT), else the http port of the init's configuration, else\n"
         "127.0.0.1:8080.\n",
     .options = kHealthOptions},
    {.name = "status",
     .words = "[UNIT…]",
     .doc = "show what each unit does, and why",
     .details =
         "A table of all units; of those named also their last lines of output. UNIT is\n"
         "an id as \"service.sshd\", or a bare name that only one unit has. Colours on a\n"
         "terminal only, and not with NO_COLOR. Exit code 1: no such unit, 69: no init is\n"
         "running.\n"
         "\n"
         "The init is found by its control socket: $BOOTSMAN_SOCKET, else\n"
         "/run/bootsman/control.sock, $XDG_RUNTIME_DIR/bootsman/ or /tmp/bootsman-UID/.\n"
         "Root and the init's own user may ask.\n",
     .options = kStatusOptions,
     .words_max = 1'000'000},
    {.name = "top",
     .words = "",
     .doc = "watch the units on the whole terminal, and restart or stop them",
     .details =
         "State, memory, processor time and the last lines of the chosen unit, every 2 s.\n"
         "Arrow keys (or j, k) choose, r restarts, s stops (both twice), t starts, a\n"
         "attaches (Ctrl-] twice leads back), q quits. CPU is percent of one processor;\n"
         "MEM is resident memory of all the unit's processes, added up: what they share\n"
         "counts for each.\n",
     .options = {}},
    {.name = "start",
     .words = "UNIT…",
     .doc = "start units, and wait until they are ready",
     .details = "Forgets earlier failures and the delay before the next try. Exit code 1: it did\n"
                "not become ready, or not in time; then the init goes on trying as its\n"
                "configuration says.\n",
     .options = kChangeOptions,
     .words_min = 1,
     .words_max = 1'000'000},
    {.name = "stop",
     .words = "UNIT…",
     .doc = "stop units, and keep them stopped until they are started",
     .details = "Waits until nothing of the unit is left. To stop the job is to stop the\n"
                "container. A unit that was stopped so does not make the container unhealthy.\n",
     .options = kChangeOptions,
     .words_min = 1,
     .words_max = 1'000'000},
    {.name = "restart",
     .words = "UNIT…",
     .doc = "stop units and start them again, and wait until they are ready",
     .details = "",
     .options = kChangeOptions,
     .words_min = 1,
     .words_max = 1'000'000},
    {.name = "reload",
     .words = "",
     .doc = "read the configuration again, and change what has changed",
     .details =
         "A configuration with errors changes nothing; they are printed. Units that are\n"
         "new or are started with something else start (anew), those that are not there\n"
         "any more stop; the others go on, with their checks, policies and order as they\n"
         "are now. When one that was started is not ready within its `timeout` (60 s\n"
         "without), all goes back to the configuration before. The job, [http],\n"
         "[control], [hooks] and secrets.names stay as they are until the container\n"
         "starts again. Exit code 1: nothing was changed, or all went back; with the\n"
         "reason. No signal does this, and no file that changes: that is only shown, by\n"
         "`bootsman status`.\n",
     .options = kReloadOptions},
    {.name = "signal",
     .words = "SIGNAL UNIT…",
     .doc = "send a signal to the units' processes",
     .details = "For instance `bootsman signal HUP nginx`.\n",
     .options = {},
     .words_min = 2,
     .words_max = 1'000'000},
    {.name = "shutdown",
     .words = "",
     .doc = "stop the container in order",
     .details = "As SIGTERM to the init. Returns at once.\n",
     .options = kShutdownOptions},
    {.name = "logs",
     .words = "[UNIT…|rotate]",
     .doc = "show the last lines of the units' output",
     .details = "Of all units and the init itself (\"bootsman\"), or of those named, in the order\n"
                "of their coming, with the time in UTC. The init remembers the latest 8 MiB.\n"
                "\n"
                "`bootsman logs rotate` puts the units' log files (`log.file.path`) aside now. A\n"
                "unit of that name is asked for by its whole id, such as service.rotate.\n",
     .options = kLogsOptions,
     .words_max = 1'000'000},
    {.name = "doctor",
     .words = "",
     .doc = "look for what is wrong with this container, and say what to do",
     .details = "Devices, shared memory, user and home, ports, limits, the time to stop, missing\n"
                "programs, what is left of the scripts that Bootsman replaces. Changes nothing.\n"
                "Exit code 0: nothing is bad, though there may be warnings; 1: something is.\n",
     .options = kDoctorOptions},
    {.name = "import",
     .words = "FILE",
     .doc = "print a configuration that does what supervisord's FILE did",
     .details =
         "What has no counterpart stands in it as a comment, and on stderr. Files that\n"
         "FILE includes are read too. Look the result over, and check it by `bootsman\n"
         "check`.\n",
     .options = {},
     .words_min = 1,
     .words_max = 1},
    {.name = "shell",
     .words = "[UNIT] [-- CMD…]",
     .doc = "run a shell, or CMD, in the shape of a unit",
     .details =
         "With the unit's user, environment, directory and limits; without UNIT with the\n"
         "init's own. On a terminal CMD gets a terminal, in a pipe it gets pipes. The\n"
         "exit code is CMD's; 1 too where it could not be started for this client. When\n"
         "this client goes away CMD gets SIGHUP. For instance: `bootsman shell\n"
         "jupyterlab`, `bootsman shell jupyterlab -- id`.\n",
     .options = {},
     .words_max = 1'000'000},
    {.name = "attach",
     .words = "UNIT",
     .doc = "join this terminal to that of a unit with tty = true",
     .details = "Ctrl-] twice leaves, and the unit goes on. Several may look on; who came first\n"
                "types, and the size of that window is the terminal's. Stays when the unit\n"
                "restarts.\n",
     .options = kAttachOptions,
     .words_min = 1,
     .words_max = 1},
    {.name = "events",
     .words = "[UNIT…]",
     .doc = "show what happened: changes of state, health, memory, commands",
     .details =
         "Of all units, or of those named and the container itself. The init remembers\n"
         "the latest 1024 events. Ends when the init does.\n",
     .options = kEventsOptions,
     .words_max = 1'000'000},
    {.name = "boot-report",
     .words = "",
     .doc = "show the boot as a timeline, and what waited for what",
     .details =
         "Each unit from its first start until it was ready or over, and, of those it\n"
         "waited for, the one that came last. `bootsman boot-report --svg > boot.svg`.\n",
     .options = kBootReportOptions},
    {.name = "motd",
     .words = "",
     .doc = "print the login message",
     .details =
         "Coloured on a terminal, and not with NO_COLOR. For a file that is shown later:\n"
         "`bootsman motd --colour always > /etc/motd`.\n",
     .options = kMotdOptions},
    {.name = "completion",
     .words = "SHELL",
     .doc = "print the completion script for bash, zsh or fish",
     .details = "For instance `. <(bootsman completion bash)`.\n",
     .options = {},
     .words_min = 1,
     .words_max = 1},
    {.name = "version",
     .words = "",
     .doc = "print the versions of Bootsman and of what is linked in",
     .details = "",
     .options = {}},
    {.name = "help",
     .words = "[COMMAND|KEY]",
     .doc = "explain a command, or a key of the configuration",
     .details = "For instance `bootsman help run`, `bootsman help restart.delay`.\n",
     .options = kHelpOptions,
     .words_max = 1},
    {.name = "helper",
     .words = "NAME",
     .doc = "what the init starts for itself",
     .details = "",
     .options = {},
     .words_min = 1,
     .words_max = 1,
     .hidden = true},
}};

}  // namespace

std::span<const CommandRow> commands() {
  return kCommands;
}

const CommandRow* find_command(std::string_view name) {
  const auto found = std::ranges::find(kCommands, name, &CommandRow::name);
  return found == kCommands.end() ? nullptr : &*found;
}

}  // namespace bootsman
