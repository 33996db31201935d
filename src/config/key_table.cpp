#include <array>

#include "config/keys.h"

namespace bootsman {
namespace {

constexpr Scopes kServiceOrStep = kService | kCommandStep;
constexpr Scopes kServiceOrJob = kService | kJob;
constexpr Scopes kNotJob = kCommandStep | kBuiltinStep | kService | kMount;
constexpr Scopes kStarted = kProcess | kMount;
constexpr Scopes kRestarted = kServiceOrStep | kMount;
constexpr Scopes kTimed = kRestarted | kBuiltinStep;

using enum KeyType;

constexpr std::array kKeys{
    // ---- Top tables
    Key{"extends", Word, kTop, "\"workspace\"",
        "The preset that this configuration builds on. Only the first file may say it.",
        "\"empty\"", "workspace|inference|empty"},
    Key{"http.enabled", Boolean, kTop, "true", "Whether the init answers health probes over HTTP.",
        "false"},
    Key{"http.listen", Strings, kTop, "\"0.0.0.0:8080\"",
        "The numeric addresses and ports to answer on, one or several. \"unix:/run/PATH\" is a "
        "socket below /run, /var/run or /tmp.",
        "[\"127.0.0.1:8080\", \"[::1]:8080\", \"unix:/run/bootsman-http.sock\"]"},
    Key{"http.status_page.enabled", Boolean, kTop, "true",
        "Whether `/-/status`, also `/status`, shows the units, the boot, memory and CPU to people. "
        "It is read-only, and tells nothing of environment, secrets and output.",
        "false"},
    Key{"http.status_page.logs", Boolean, kTop, "false",
        "Whether `/-/logs` shows the latest lines of all units to who brings the token. The values "
        "of secrets that the init knows are masked.",
        "true"},
    Key{"http.status_page.token", String, kTop, "(none)",
        "What opens `/-/logs`: a bearer token, or the password of the user \"bootsman\". It goes "
        "over the wire as it is, so give it only where TLS ends in front.",
        "\"${file:/run/secrets/token}\""},
    Key{"gateway.enabled", Boolean, kTop, "true",
        "Whether the routes of the gateway are served. Without routes there is none.", "false"},
    Key{"gateway.routes", Routes, kTop, "{}",
        "Which paths of the HTTP port are passed on, and where to. The longest prefix wins; "
        "\"/jupyter/\" covers all below it, \"/api\" that path too. `/health`, all below it and "
        "all "
        "below `/-/` stay the init's own. Each route is a URL, or a table of the keys below.",
        "{ \"/\" = \"http://127.0.0.1:5000\", \"/lab\" = \"http://127.0.0.1:8888\" }"},
    Key{"gateway.connect_timeout", Duration, kTop, "\"5s\"",
        "How long a connection to an upstream may take.", "\"1s\""},
    Key{"gateway.response_timeout", Duration, kTop, "\"5m\"",
        "How long an upstream may take to the head of its answer, from the end of a request, or "
        "from when it takes no more of it.",
        "\"30m\""},
    Key{"gateway.idle_timeout", Duration, kTop, "\"10m\"",
        "How long an answer, or a WebSocket, may stand still before it is ended.", "\"1h\""},
    Key{"gateway.access_log", Boolean, kTop, "false",
        "Whether the init's own log gets a line for each request that was passed on, without its "
        "query.",
        "true"},
    Key{"control.enabled", Boolean, kTop, "true",
        "Whether the init answers `bootsman status`, `restart` and the like on a unix socket that "
        "only root and the init's own user can use, and the groups below.",
        "false"},
    Key{"control.reader_group", String, kTop, "(none)",
        "The group (a name or a number) whose members may read on the control socket: status, logs, "
        "events, but change nothing.",
        "\"3001\""},
    Key{"control.admin_group", String, kTop, "(none)",
        "The group (a name or a number) whose members may do all on the control socket, as root may: "
        "also run commands as any unit's user.",
        "\"3002\""},
    Key{"hooks.on_event", Strings, kTop, "[]",
        "Programs, by their absolute paths, at most 8, that are run as the init's user when a unit "
        "has failed for good, does not pass its health check, was killed for lack of memory, or a "
        "mount is lost. Each gets the event as JSON on its stdin, and $BOOTSMAN_EVENT (failed, "
        "unhealthy, out-of-memory, mount-lost), $BOOTSMAN_UNIT, $BOOTSMAN_WHY; after 10 s it is "
        "killed.",
        "[\"/usr/local/bin/page-me\"]"},
    Key{"hooks.webhook.url", String, kTop, "(none)",
        "A server that gets each of these events by POST, as JSON; tried again while it is away, "
        "for about a minute.",
        "\"https://hooks.example/bootsman\""},
    Key{"hooks.webhook.bearer", String, kTop, "(none)",
        "The token that it gets as `Authorization: Bearer TOKEN`.", "\"token\""},
    Key{"hooks.webhook.ca_file", String, kTop, "(found)",
        "The certificates of authorities, as PEM, by which the server is believed.",
        "\"/etc/ssl/own-ca.pem\""},
    Key{"hooks.webhook.insecure", Boolean, kTop, "false",
        "Whether the server may have any certificate, or none (http://).", "true"},
    Key{"shutdown.drain", Duration, kTop, "\"0s\"",
        "How long to go on working after SIGTERM, while readiness already says no, so that no new "
        "requests come.",
        "\"5s\""},
    Key{"shutdown.timeout", Duration, kTop, "(\"25s\" on Kubernetes, else \"9s\")",
        "How long the whole shutdown may take, the drain included; what is left then is killed. "
        "The variable BOOTSMAN_GRACE overrides it.",
        "\"25s\""},
    Key{"termination.log", String, kTop, "\"/dev/termination-log\"",
        "The file that gets the reason of the container's end and the last lines of the unit that "
        "caused it, at most 4096 bytes, for `kubectl describe pod`. It is written only where it "
        "exists; \"\" writes none.",
        "\"/run/last-words\""},
    Key{"secrets.names", Strings, kTop, "[\"SECRET_KEY\", \"ROOT_PASSWORD\", \"JUPYTER_TOKEN\"]",
        "The environment variables which are secrets: they are kept from all units but those that "
        "name them in `pass_secrets`, and from logs and status.",
        "[\"SECRET_KEY\", \"HF_TOKEN\"]"},
    Key{"log.format", Word, kTop, "\"text\"",
        "How lines of units appear in the init's output: with the unit's name in front, as JSON, "
        "or as they are (but a line of more than 256 KiB is split). Not for the job, whose lines "
        "stay as they are unless its own table says otherwise.",
        "\"json\"", "text|json|raw"},
    Key{"log.colour", Word, kTop, "\"auto\"",
        "Whether units' names are coloured in the format \"text\", and the bar of stderr is red: "
        "when the output is a terminal (but not with NO_COLOR or TERM=dumb in the init's "
        "environment), always, or never.",
        "\"never\"", "auto|always|never"},
    Key{"log.time", Boolean, kTop, "false",
        "Whether the time of day stands in front of each line, or in its JSON object, in UTC. "
        "Container runtimes keep the time of each line themselves. Lines in the format \"raw\" "
        "stay bare.",
        "true"},
    Key{"log.mark_stderr", Boolean, kTop, "false",
        "Whether lines that came by stderr have `!` instead of `|` behind the unit's name. JSON "
        "tells the two apart anyway.",
        "true"},
    Key{"log.when_blocked", Word, kTop, "(\"drop\" for services, \"wait\" for steps and the job)",
        "While nobody reads the init's output: whether a unit that writes on has to wait, or its "
        "lines are dropped. How many were dropped is said in the output.",
        "\"wait\"", "wait|drop"},
    Key{"log.merge", Boolean, kTop, "false",
        "Whether stdout and stderr of a unit share one pipe, so that the order of their lines "
        "holds.",
        "true"},
    Key{"log.fold", Duration, kTop, "\"0s\"",
        "For progress bars: of the states that a carriage return overwrites, only the latest "
        "appears, once in this time, and the last one. \"0s\" lets all pass.",
        "\"10s\""},
    Key{"log.join", Word, kTop, "\"none\"",
        "\"indent\" keeps lines that begin with a space or tab together with the line before, as "
        "in tracebacks of Python and Java: no other unit's line comes between them, and in JSON "
        "they are one object. "
        "A line may appear a second later then.",
        "\"indent\"", "none|indent"},
    Key{"log.rate", Integer, kTop, "0",
        "How many lines each unit may write to the output in a second; the rest is left out, and "
        "the output says how many lines that were. `bootsman logs` still has them. 0: no limit.",
        "1000", "", 0, 10'000'000},

    // ---- Routes of the gateway
    Key{"to", String, kRoute, "",
        "The upstream: http:// with a numeric address or localhost, and a port; or unix: with the "
        "path of a socket below /run, /var/run or /tmp, or an abstract one as @NAME.",
        "\"http://127.0.0.1:5000\""},
    Key{"prefix", Word, kRoute, "\"keep\"",
        "Whether the upstream sees the route's prefix in the path, or has it stripped; then "
        "X-Forwarded-Prefix tells it, and a path in its Location header gets the prefix again.",
        "\"strip\"", "keep|strip"},
    Key{"bearer", String, kRoute, "(none)",
        "The token that a request must bring as `Authorization: Bearer TOKEN`. The upstream does "
        "not see it.",
        "\"${file:/run/secrets/token}\""},
    Key{"basic", String, kRoute, "(none)",
        "The `USER:PASSWORD` that a request must bring by HTTP basic authentication.",
        "\"${file:/run/secrets/user-and-password}\""},
    Key{"connect_timeout", Duration, kRoute, "(`gateway.connect_timeout`)",
        "How long a connection to this upstream may take.", "\"1s\""},
    Key{"response_timeout", Duration, kRoute, "(`gateway.response_timeout`)",
        "How long this upstream may take until the head of its answer.", "\"30m\""},
    Key{"idle_timeout", Duration, kRoute, "(`gateway.idle_timeout`)",
        "How long an answer of this upstream may stand still.", "\"1h\""},

    // ---- Every unit
    Key{"enabled", Boolean, kUnit, "true",
        "Whether the unit is there at all. What only names it in `after` does not mind; what "
        "requires it is skipped.",
        "false"},
    Key{"after", Strings, kUnit, "[]",
        "Units to wait for, whatever comes of them: start when they are ready or have ended. "
        "Services and the job wait for all steps without being asked.",
        "[\"service.database\"]"},
    Key{"requires", Strings, kUnit, "[]",
        "Like `after`; and when one of these has failed, this unit is blocked.",
        "[\"service.database\"]"},
    Key{"if_exists", Strings, kUnit, "[]",
        "Run only when any of these files exists. A name without a slash is looked for in the "
        "unit's `path`, then in PATH.",
        "[\"/usr/sbin/sshd\"]"},
    Key{"if_not_exists", Strings, kUnit, "[]", "Run only when none of these files exists.",
        "[\"/etc/skip-this\"]"},
    Key{"if_env", Strings, kUnit, "[]",
        "Run only when all these environment variables are set and not empty. Otherwise variables "
        "in the unit's values are not expanded either.",
        "[\"JOB_PREFIX\"]"},
    Key{"on_failure", Word, kNotJob, "(\"ignore\" for steps, \"unhealthy\" for services and mounts)",
        "What it means when the unit has failed for good: nothing, that `/health` answers 503, or "
        "that the container stops. Of a mount that was mounted once \"shutdown\" means "
        "\"unhealthy\" from then on.",
        "\"shutdown\"", "ignore|unhealthy|shutdown"},
    Key{"when", Word, kBuiltinStep, "(the step's own, see below)",
        "When the step is due: at every start, once for each container, or when what it would "
        "write has changed.",
        "\"always\"", "always|once|changed"},

    Key{"restart_on", Strings, kService, "[]",
        "Units, mounts above all, after which to restart: when one of them is ready again after "
        "its end, this service is restarted, since what it holds of it is gone. Counts as `after` "
        "too.",
        "[\"mount.workdir\"]"},

    // ---- Mounts
    Key{"type", Word, kMount, "",
        "What to mount: objects by s3fs, a share by mount(8), a folder, memory, or what a command "
        "of yours mounts on `target` and keeps mounted while it runs in the foreground.",
        "\"s3fs\"", "s3fs|nfs|bind|tmpfs|command"},
    Key{"target", String, kMount, "",
        "The folder to mount on; made where it is missing. What it holds is hidden, never deleted. "
        "While nothing is mounted it is empty and read-only, so that nothing is written to the "
        "container's own disk unseen.",
        "\"/workdir\""},
    Key{"source", String, kMount, "(none)",
        "What to mount: for s3fs `s3://BUCKET/PREFIX` (also obs://, s3a:// or no scheme), for nfs "
        "`SERVER:/EXPORT`, for bind a folder.",
        "\"s3://bucket/some/prefix\""},
    Key{"endpoint", String, kMount, "(none)",
        "For s3fs: the S3 server, with or without a port; no scheme means http://.",
        "\"https://s3.example.com\""},
    Key{"region", String, kMount, "(none)",
        "For s3fs: the region that requests are signed for. Without it s3fs takes us-east-1.",
        "\"cn-north-1\""},
    Key{"access_key", String, kMount, "(none)", "For s3fs: the id of the access key.",
        "\"${ACCESS_KEY:-AKEXAMPLE}\""},
    Key{"secret", String, kMount, "\"SECRET_KEY\"",
        "For s3fs: the name of the variable that holds the secret key, one of `secrets.names`; "
        "also as NAME_FILE, a path, which is read at each attempt to mount.",
        "\"SECRET_KEY\""},
    Key{"decryptor", Command, kMount, "(none)",
        "For s3fs: a program that gets the secret on its stdin and prints the secret key, within "
        "10 s.",
        "[\"/usr/local/bin/decrypt-key\"]"},
    Key{"preflight", Boolean, kMount, "true",
        "For s3fs, which does not say why it fails: whether the server is asked first whether it "
        "answers, whether the key is right and whether the bucket is there.",
        "false"},
    Key{"read_only", Boolean, kMount, "false", "Whether nothing may be written to the mount.",
        "true"},
    Key{"options", Strings, kMount, "[]",
        "Options: of s3fs (each behind an -o), of nfs and tmpfs (as mount(8) takes them).",
        "[\"size=1g\"]"},
    Key{"cache", String, kMount, "(none)", "For s3fs: the folder for its cache.",
        "\"/tmp/cache\""},
    Key{"cache_limit", Size, kMount, "(none)",
        "For s3fs: how large the cache folder may grow; the files used longest ago are deleted. It "
        "is looked at with each health probe, so it may be larger for a while.",
        "\"20GiB\""},

    // ---- Processes
    Key{"command", Command, kStarted, "",
        "The program and its arguments; no shell reads it. A program without a slash is looked for "
        "in `path`, then in PATH.",
        "[\"python\", \"serve.py\", \"--port\", \"5000\"]"},
    Key{"path", Strings, kStarted, "[]", "Directories put before PATH for this unit.",
        "[\"/root/miniconda3/bin\"]"},
    Key{"directory", String, kProcess, "(the init's own)", "The working directory.",
        "\"/workdir\""},
    Key{"user", String, kProcess, "(the init's own)",
        "Who the process runs as: a name or a number of /etc/passwd, with `:GROUP` behind it for "
        "another group. A number that is not there gets the group of the same number.",
        "\"1101\""},
    Key{"env", Pairs, kStarted, "{}",
        "Environment variables on top of the init's, whose values must be strings.",
        "{ PORT = \"5000\" }"},
    Key{"env_file", Strings, kProcess, "[]",
        "Files with lines NAME=value, read at the start of the init and below `env`; later files "
        "win. A file that is not there is an error, unless a - stands in front of its path.",
        "[\"-/run/app.env\"]"},
    Key{"pass_secrets", Strings, kProcess, "([\"SECRET_KEY\"] for the job, else [])",
        "Which of `secrets.names` the unit gets in its environment.", "[\"JUPYTER_TOKEN\"]"},
    Key{"umask", FileMode, kProcess, "(the init's own)", "The file mode creation mask, octal.",
        "\"0027\""},
    Key{"no_new_privileges", Boolean, kProcess, "false",
        "Whether setuid programs and file capabilities lose their power below this unit.", "true"},
    Key{"capabilities.drop", Strings, kProcess, "[]",
        "Capabilities that the unit and all below it can never have: names of capabilities(7), or "
        "\"ALL\". Where the init may not take them away for good, no_new_privileges is set "
        "instead, "
        "so that no setuid program gives them back.",
        "[\"ALL\"]"},
    Key{"capabilities.keep", Strings, kProcess, "[]",
        "The only capabilities that stay: all others are dropped.", "[\"NET_BIND_SERVICE\"]"},
    Key{"capabilities.ambient", Strings, kProcess, "[]",
        "Capabilities that the unit has although its `user` is not root. The init must have them.",
        "[\"NET_BIND_SERVICE\"]"},
    Key{"tty", Boolean, kServiceOrStep, "false",
        "Whether the unit gets a terminal of its own (80 columns, 24 lines) as stdin, stdout and "
        "stderr, for programs that behave otherwise without one. TERM is xterm unless it is set.",
        "true"},
    Key{"early", Boolean, kServiceOrJob, "false", "Start without waiting for all steps.", "true"},
    Key{"success_codes", Integers, kServiceOrStep, "[0]",
        "The exit codes that count as success. Death by signal N counts as 128+N: 143 is SIGTERM.",
        "[0, 3]", "", 0, 255},
    Key{"forward", Strings, kServiceOrJob, "[]",
        "Signals to the init that are passed on to the unit's own process while that runs. "
        "SIGTERM, "
        "SIGINT and signal 37 stop the container, and can't be passed on.",
        "[\"SIGHUP\", \"SIGUSR1\"]"},
    Key{"timeout", Duration, kTimed, "(none; \"30s\" for mounts)",
        "For a step: how long it may run before it is stopped and has failed; for a built-in one "
        "it is 5m beside what its own settings allow where nothing is said. For a service: how "
        "long until it is ready for the first time; past it the unit is shown as late, and lives "
        "on. For a mount: how long to try until it is mounted for the first time; past it the "
        "mount has failed. A mount that was there once is tried for ever.",
        "\"30s\""},
    Key{"settle", Duration, kService, "\"0s\"",
        "Without a `ready` check: how long the service must run to count as ready.", "\"1s\""},

    // ---- Limits
    Key{"limits.nofile", Count, kProcess, "(the init's own)", "Open files, see setrlimit(2).",
        "65536"},
    Key{"limits.nproc", Count, kProcess, "(the init's own)", "Processes of the user.", "4096"},
    Key{"limits.memlock", SizeLimit, kProcess, "(the init's own)", "Locked memory.",
        "\"unlimited\""},
    Key{"limits.core", SizeLimit, kProcess, "(the init's own)", "Size of core dumps.", "\"0B\""},
    Key{"limits.stack", SizeLimit, kProcess, "(the init's own)", "Stack.", "\"64MiB\""},
    Key{"limits.data", SizeLimit, kProcess, "(the init's own)", "Data segment.", "\"8GiB\""},
    Key{"limits.fsize", SizeLimit, kProcess, "(the init's own)", "Size of a written file.",
        "\"10GiB\""},
    Key{"limits.as", SizeLimit, kProcess, "(the init's own)", "Address space.", "\"16GiB\""},
    Key{"limits.nice", Integer, kProcess, "(the init's own)",
        "Scheduling priority, see nice(2); negative values need CAP_SYS_NICE.", "5", "", -20, 19},
    Key{"limits.ioprio", String, kProcess, "(the init's own)",
        "The I/O scheduling class, with a level from 0 (first) to 7: \"realtime:LEVEL\", "
        "\"best-effort:LEVEL\" or \"idle\", see ioprio_set(2).",
        "\"best-effort:6\""},
    Key{"limits.oom_score_adj", Integer, kProcess, "(the init's own)",
        "How willingly the kernel kills the process when memory runs out, see proc(5).", "200", "",
        -1000, 1000},

    // ---- Restart and stop
    Key{"restart.when", Word, kServiceOrStep, "(\"always\" for services, \"never\" for steps)",
        "After which ends to start again; a step that has succeeded is done in any case.",
        "\"on-failure\"", "always|on-failure|never"},
    Key{"restart.delay", Duration, kRestarted, "\"500ms\"", "The pause before a restart.",
        "\"1s\""},
    Key{"restart.max_delay", Duration, kRestarted, "\"30s\"",
        "The longest pause that `factor` leads to.", "\"1m\""},
    Key{"restart.factor", Number, kRestarted, "2.0",
        "By how much the pause grows with each restart.", "1.5", "", 1, 100},
    Key{"restart.jitter", Number, kRestarted, "0.1",
        "Which share of the pause is left to chance, so that many units do not restart in step.",
        "0.25", "", 0, 1},
    Key{"restart.reset_after", Duration, kRestarted, "\"1m\"",
        "A run of at least this length starts again at `delay`.", "\"5m\""},
    Key{"restart.limit", Integer, kRestarted, "0",
        "How many restarts are allowed within `within`; one more, and the unit has failed. 0: "
        "never give up.",
        "5", "", 0, 1'000'000},
    Key{"restart.within", Duration, kRestarted, "\"5m\"", "The time over which `limit` counts.",
        "\"10m\""},
    Key{"stop.signal", Strings, kProcess, "\"SIGTERM\"",
        "The signal that asks the unit to stop, or several, each but the last with how long to "
        "wait until the next one.",
        "[\"SIGINT 5s\", \"SIGTERM\"]"},
    Key{"stop.command", Command, kProcess, "(none)",
        "A command that asks the unit to stop, run as the unit would be, with MAINPID in its "
        "environment. The signals follow when it fails, or when the unit has not ended after half "
        "of `timeout`.",
        "[\"nginx\", \"-s\", \"quit\"]"},
    Key{"stop.timeout", Duration, kStarted, "\"10s\"",
        "How long it may take before SIGKILL. The shutdown's own timeout may cut it short.",
        "\"20s\""},
    Key{"stop.kill", Word, kProcess, "\"group\"",
        "Which processes are stopped: the unit's own process alone, its process group, or also "
        "the descendants seen just before the first signal, wherever they have gone since.",
        "\"process\"", "process|group|tree"},

    // ---- Checks
    Key{"ready.tcp", String, kServiceOrJob, "(none)",
        "Ready when this numeric address accepts a connection.", "\"127.0.0.1:5432\""},
    Key{"ready.http", String, kServiceOrJob, "(none)",
        "Ready when GET of this URL answers 2xx or 3xx; http:// with a numeric address or "
        "localhost.",
        "\"http://127.0.0.1:8888/api\""},
    Key{"ready.status", Integer, kServiceOrJob, "(any 2xx or 3xx)",
        "The one HTTP status that counts.", "204", "", 100, 599},
    Key{"ready.body", String, kServiceOrJob, "(any)",
        "What the body of the HTTP answer must contain: a text, looked for in its first 64 KiB.",
        "\"ok\""},
    Key{"ready.exec", Command, kServiceOrJob, "(none)",
        "Ready when this command, run as the unit's user, exits 0.", "[\"pg_isready\"]"},
    Key{"ready.file", String, kServiceOrJob, "(none)", "Ready when this file exists.",
        "\"/run/app.sock\""},
    Key{"ready.log", String, kServiceOrJob, "(none)",
        "Ready when a line of the unit's output contains this text.", "\"listening on\""},
    Key{"ready.notify", Boolean, kServiceOrJob, "(none)",
        "Ready when the unit says READY=1 on the socket that NOTIFY_SOCKET names, see "
        "sd_notify(3).",
        "true"},
    Key{"ready.notify_fd", Integer, kServiceOrJob, "(none)",
        "Ready when the unit writes a line end to this descriptor, which it finds open (the "
        "notification-fd of s6).",
        "3", "", 3, 255},
    Key{"ready.every", Duration, kServiceOrJob, "\"500ms\"", "The pause between two probes.",
        "\"1s\""},
    Key{"ready.timeout", Duration, kServiceOrJob, "\"2s\"", "How long one probe may take.",
        "\"5s\""},
    Key{"ready.initial_delay", Duration, kServiceOrJob, "\"0s\"",
        "The pause before the first probe.", "\"10s\""},
    Key{"health.tcp", String, kServiceOrJob, "(none)",
        "Healthy while this numeric address accepts connections.", "\"127.0.0.1:5432\""},
    Key{"health.http", String, kServiceOrJob, "(none)", "Healthy while GET of this URL succeeds.",
        "\"http://127.0.0.1:8888/api\""},
    Key{"health.status", Integer, kServiceOrJob, "(any 2xx or 3xx)",
        "The one HTTP status that counts.", "200", "", 100, 599},
    Key{"health.body", String, kServiceOrJob, "(any)",
        "What the body of the HTTP answer must contain: a text, looked for in its first 64 KiB.",
        "\"ok\""},
    Key{"health.exec", Command, kServiceOrJob, "(none)", "Healthy while this command exits 0.",
        "[\"pg_isready\"]"},
    Key{"health.file", String, kServiceOrJob, "(none)", "Healthy while this file exists.",
        "\"/run/app.sock\""},
    Key{"health.watchdog", Duration, kServiceOrJob, "(none)",
        "Healthy while the unit says WATCHDOG=1 at least so often on the socket that "
        "NOTIFY_SOCKET names, see sd_watchdog_enabled(3).",
        "\"30s\""},
    Key{"health.every", Duration, kServiceOrJob | kMount, "\"10s\"", "The pause between two probes.",
        "\"30s\""},
    Key{"health.timeout", Duration, kServiceOrJob | kMount, "\"2s\"", "How long one probe may take.",
        "\"5s\""},
    Key{"health.initial_delay", Duration, kServiceOrJob | kMount, "\"0s\"",
        "The pause before the first probe, from when the unit is ready.", "\"1m\""},
    Key{"health.failures", Integer, kServiceOrJob | kMount, "3",
        "How many probes in a row must fail until the unit is unhealthy.", "5", "", 1, 1000},
    Key{"health.on_unhealthy", Word, kService | kMount, "\"mark\"",
        "What then happens: it is shown, or the unit is restarted.", "\"restart\"", "mark|restart"},

    // ---- Output
    Key{"log.format", Word, kStarted, "(`log.format` of the top; \"raw\" for the job)",
        "How the unit's lines appear in the init's output.", "\"raw\"", "text|json|raw"},
    Key{"log.time", Boolean, kProcess, "(`log.time` of the top)",
        "Whether the time stands in front of each line.", "true"},
    Key{"log.mark_stderr", Boolean, kProcess, "(`log.mark_stderr` of the top)",
        "Whether lines that came by stderr have `!` instead of `|` behind the name.", "true"},
    Key{"log.when_blocked", Word, kProcess,
        "(`log.when_blocked` of the top; \"drop\" for services, else \"wait\")",
        "While nobody reads the init's output: whether the unit has to wait when it writes on, or "
        "its lines are dropped and counted.",
        "\"wait\"", "wait|drop"},
    Key{"log.merge", Boolean, kProcess, "(`log.merge` of the top)",
        "Whether stdout and stderr share one pipe, so that the order of their lines holds.",
        "true"},
    Key{"log.fold", Duration, kProcess, "(`log.fold` of the top)",
        "How often a new state of a progress bar appears.", "\"10s\""},
    Key{"log.join", Word, kProcess, "(`log.join` of the top)",
        "Whether indented lines stay together with the line before.", "\"indent\"", "none|indent"},
    Key{"log.rate", Integer, kProcess, "(`log.rate` of the top)",
        "How many lines the unit may write to the output in a second. 0: no limit.", "1000", "", 0,
        10'000'000},
    Key{"log.file.path", String, kProcess, "(none)",
        "A file that gets the unit's lines too, without its name in front, and with the time where "
        "`log.time` says so; missing folders are made. A helper writes it with the init's rights.",
        "\"/var/log/jupyter.log\""},
    Key{"log.file.size", Size, kProcess, "\"10MiB\"",
        "A file that would grow larger is renamed to FILE.1, that to FILE.2 and so on.",
        "\"100MiB\""},
    Key{"log.file.count", Integer, kProcess, "5", "How many renamed files are kept.", "2", "", 1,
        1000},
};

}  // namespace

std::span<const Key> key_table() {
  return kKeys;
}

}  // namespace bootsman
