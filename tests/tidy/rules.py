"""The rules of the source tree, as tables. tidy.py applies them; tidy_test.py shows each a bad sample."""

import re

# Who may include whom. A folder may always include itself; a file may be named where not the whole
# folder is meant. Anything else points upward, and nothing includes upward.
ALLOWED_INCLUDES = {
    "base": [],
    "config": ["base"],
    "plan": ["base", "config"],
    "core": ["base", "plan"],
    "steps": ["base", "plan"],
    "logs": ["base"],
    "wire": ["base", "plan", "core", "logs"],
    "sys": ["base"],
    "wrap": ["base", "sys"],
    "helper": ["base", "config", "plan", "steps", "sys"],
    "shell": ["base", "config", "plan", "core", "steps", "logs", "wire", "sys", "helper/protocol.h"],
    "cli": ["base", "config", "plan", "core", "steps", "logs", "wire", "sys", "helper", "shell", "wrap"],
    ".": ["base", "config", "plan", "core", "steps", "logs", "wire", "sys", "helper", "shell", "wrap", "cli"],
}

PURE = "base|config|plan|core|steps|logs|wire"
SHELL = "sys|shell|helper|wrap|cli"

# (headers, the only paths that may include them, what to do instead)
HEADER_HOMES = [
    (r"toml\+\+/", r"src/config/parse", "only config/parse reads TOML"),
    (r"nlohmann/", r"src/base/json", "use base/json.h"),
    (r"llhttp\.h", r"src/wire/", "HTTP is parsed in src/wire"),
    (r"mbedtls/sha256\.h", r"src/(steps/sha256|helper/)", "use steps/sha256.h"),
    (r"curl/|mbedtls/(?!sha256)|psa/", r"src/helper/", "transfers run in helper processes"),
    (r"archive(_entry)?\.h$", r"src/helper/", "archives are unpacked in helper processes"),
    (r"uv\.h|ares\.h", rf"src/({SHELL})/", "the pure folders know no event loop"),
    (r"unistd\.h|fcntl\.h|poll\.h|sched\.h|dirent\.h|dlfcn\.h|termios\.h|sys/|netinet/|arpa/|linux/",
     rf"src/({SHELL})/", "the pure folders make no system call: let the shell pass the fact in"),
    (r"fstream$|iostream$", r"src/cli/", "the pure folders do no I/O; the shell uses system calls"),
    (r"pwd\.h|grp\.h|shadow\.h|netdb\.h", r"src/none/",
     "a static C library loads the image's modules for these: read /etc/passwd and /etc/group, "
     "resolve with c-ares"),
    (r"thread$|mutex$|future$|condition_variable$", r"src/none/", "PID 1 has no thread; start a helper"),
]

# (call, the only paths that may make it, what to do instead)
CALL_HOMES = [
    (r"\buv_spawn\b", r"src/none/", "spawn with our own spawner: libuv's child watcher fights our reaper"),
    (r"\buv_(queue_work|fs_\w+|getaddrinfo|getnameinfo|thread_\w+|random)\b", r"src/none/",
     "libuv makes threads for it and aborts where it cannot: start a helper"),
    (r"(?<![\w.>])(system|popen)\s*\(", r"src/none/", "start the program itself, without a shell"),
    (r"\bstd::(thread|jthread|async)\b|\bpthread_create\b", r"src/none/",
     "PID 1 has no thread; start a helper"),
    (r"\b(getpw\w+|getgr\w+|getspnam|initgroups|getlogin)\s*\(", r"src/none/",
     "read /etc/passwd and /etc/group: a static C library loads the image's modules for it"),
    (r"(?<![\w.>])(getaddrinfo|gethostbyname|getnameinfo|getservby\w+)\s*\(", r"src/none/",
     "resolve with c-ares, in a helper"),
    (r"(?<![\w.>])v?fork\s*\(", r"src/(sys/|wrap/child\.cpp)", "use the spawner: fork of a grown parent is slow, vfork freezes PID 1"),
    (r"(?<![\w.>])kill\s*\(\s*-\s*1\b", r"src/none/", "walk /proc: kill(-1) reaches what is not ours"),
    (r"(?<![\w.>])(_exit|abort|std::exit|std::abort|exit|quick_exit)\s*\(", r"src/(main\.cpp|sys/|wrap/child\.cpp)",
     "return a Result: only main ends the process"),
    (r"_clock::now\b|\bclock_gettime\s*\(|\bgettimeofday\s*\(|(?<![\w.>])(std::)?time\s*\(\s*(nullptr|NULL|0|&)",
     rf"src/({SHELL})/", "take the time as an argument"),
    (r"\brandom_device\b|\bgetrandom\s*\(|(?<![\w.>])s?rand\s*\(", rf"src/({SHELL})/",
     "take chance as an argument"),
    (r"\b(std::)?getenv\s*\(", rf"src/({SHELL}|main\.cpp)", "take the environment as an argument"),
    (r"\bstd::(format|expected|print|println)\b", r"src/none/",
     "not in every supported standard library: use fmt and Result"),
    (r"\busing\s+namespace\b", r"src/none/", "name what you use"),
]

# (pattern, what is wrong), for every text file of the project
WORDS = [
    (r"\b(TODO|FIXME|XXX|HACK)\b", "finish it, or say what is and why"),
    (r"(?<![\w.$}])/wo[r]k/", "a path of one machine"),
    (r"/home/[a-z]", "a path of one machine"),
    (r"\b(deb|security|ftp|snapshot)\.(debian|ubuntu)\b|archive\.ubuntu\b",
     "no mirror is written down: ask apt at run time"),
    (r"\b(pypi[.]org|pythonhosted|registry\.npmjs|crates[.]io)\b", "no registry is written down"),
    (r"^(<{7}|>{7}) ", "a merge conflict"),
]

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60

SOURCE = re.compile(r"^(src|tests)/.*\.(cpp|h|c)$")
LENGTH_COUNTS = re.compile(r"^(src|tests|packaging)/.*\.(cpp|h|c|py|sh|cmake)$")
