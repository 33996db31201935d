"""The tree keeps the rules, and each rule catches its bad sample."""

import pytest

import rules
import tidy
from cpp import functions

BIG = "void big() {\n" + "  f();\n" * 70 + "}\n"

# (name, check, path, text, part of the message)
BAD = [
    ("core must not know the shell", tidy.check_arrows, "src/core/a.cpp", '#include "shell/spawn.h"\n', "must not include shell"),
    ("base includes nothing of the project", tidy.check_arrows, "src/base/a.h", '#include "plan/plan.h"\n', "nothing of the project"),
    ("the shell sees only the helpers' protocol", tidy.check_arrows, "src/shell/a.cpp", '#include "helper/s3.h"\n', "must not include helper"),
    ("an include goes up", tidy.check_arrows, "src/core/a.cpp", '#include "../base/a.h"\n', "not relative to src/"),
    ("a folder that nobody decided on", tidy.check_arrows, "src/utils/a.cpp", "", "not in the table"),
    ("libuv in a pure folder", tidy.check_headers, "src/core/a.cpp", "#include <uv.h>\n", "no event loop"),
    ("system calls in a pure folder", tidy.check_headers, "src/plan/a.cpp", "#include <sys/stat.h>\n", "no system call"),
    ("curl outside the helpers", tidy.check_headers, "src/shell/a.cpp", "#include <curl/curl.h>\n", "helper processes"),
    ("libarchive outside the helpers", tidy.check_headers, "src/shell/a.cpp", "#include <archive.h>\n", "helper processes"),
    ("TOML outside the parser", tidy.check_headers, "src/config/keys.cpp", "#include <toml++/toml.h>\n", "only config/parse"),
    ("JSON library past its wrapper", tidy.check_headers, "src/wire/a.cpp", "#include <nlohmann/json.hpp>\n", "base/json.h"),
    ("the C library's user database", tidy.check_headers, "src/sys/a.cpp", "#include <pwd.h>\n", "/etc/passwd"),
    ("threads", tidy.check_headers, "src/shell/a.cpp", "#include <thread>\n", "start a helper"),
    ("a header without a guard", tidy.check_header_guard, "src/core/a.h", "int x;\n", "pragma once"),
    ("a file too long", tidy.check_file_length, "src/core/a.cpp", "\n" * 501, "501 lines"),
    ("a function too long", tidy.check_function_length, "src/core/a.cpp", BIG, "big has 72 lines"),
    ("a long member function after an initialiser list", tidy.check_function_length, "src/core/a.cpp",
     BIG.replace("void big() {", "namespace x {\nBig::Big(int a)\n    : a_{a}, b_(a) {") + "}\n", "Big::Big has 73 lines"),
    ("a reminder", tidy.check_words, "src/core/a.cpp", "// TO" "DO: later\n", "finish it"),
    ("a path of one machine", tidy.check_words, "docs/a.md", "see /wo" "rk/main\n", "one machine"),
    ("a name for two types", tidy.check_one_definition, "src/wrap/a.h", "namespace bootsman {\nstruct Pid {\n  int n;\n};\n}\n",
     "src/base/types.h too"),
    ("a test that no target has", tidy.check_built, "tests/unit/core/restart.cpp", "", "no target"),
    ("a source beside main", tidy.check_built, "src/other.cpp", "", "no target"),
]

# (call, path): one bad sample for each row of CALL_HOMES, and what looks like it but is not
BAD_CALLS = [
    ("uv_spawn(loop, &p, &o);", "src/shell/a.cpp"),
    ("uv_fs_stat(loop, &r, p, cb);", "src/shell/a.cpp"),
    ("uv_queue_work(loop, &w, a, b);", "src/shell/a.cpp"),
    ("uv_getaddrinfo(loop, &r, cb, n, s, h);", "src/shell/a.cpp"),
    ("uv_thread_create(&t, f, a);", "src/shell/a.cpp"),
    ('system("ls");', "src/helper/a.cpp"),
    ('auto* f = popen("ls", "r");', "src/helper/a.cpp"),
    ("std::thread t(f);", "src/cli/a.cpp"),
    ("getpwuid_r(0, &p, b, n, &r);", "src/sys/a.cpp"),
    ("getgrnam(name);", "src/sys/a.cpp"),
    ("getaddrinfo(h, s, &hints, &r);", "src/helper/a.cpp"),
    ("if (fork() == 0) run();", "src/shell/a.cpp"),
    ("kill(-1, SIGTERM);", "src/sys/a.cpp"),
    ("std::exit(1);", "src/shell/a.cpp"),
    ("auto t = std::chrono::steady_clock::now();", "src/core/a.cpp"),
    ("auto t = time(nullptr);", "src/logs/a.cpp"),
    ("std::random_device chance;", "src/core/a.cpp"),
    ('std::getenv("HOME");', "src/config/a.cpp"),
    ('std::format("{}", 1);', "src/base/a.cpp"),
    ("using namespace std;", "src/base/a.cpp"),
]

GOOD_CALLS = [
    ("a call in a comment", "// never uv_spawn(…)\n", "src/shell/a.cpp"),
    ("a call in a string", 'say("system(x)");\n', "src/shell/a.cpp"),
    ("a member of the same name", "child.exit(3); unit->fork();\n", "src/core/a.cpp"),
    ("the clock in the shell", "auto t = std::chrono::steady_clock::now();\n", "src/shell/a.cpp"),
    ("a name that ends alike", "close_system(1); my_getenv(2); runtime(0);\n", "src/core/a.cpp"),
    ("fork in its home", "pid_t p = fork();\n", "src/sys/spawn.cpp"),
]


@pytest.mark.parametrize("check", tidy.CHECKS, ids=lambda check: check.__doc__.rstrip("."))
def test_tree(check):
    assert tidy.violations(check) == []


@pytest.mark.parametrize("check,path,text,message", [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_sample_is_caught(check, path, text, message):
    found = [what for _, what in check(path, text)]
    assert any(message in what for what in found), found


def test_every_check_has_a_bad_sample():
    assert {row[1] for row in BAD} | {tidy.check_calls} == set(tidy.CHECKS)


@pytest.mark.parametrize("call,path", BAD_CALLS, ids=[row[0] for row in BAD_CALLS])
def test_banned_call_is_caught_and_a_replacement_named(call, path):
    (number, message), *_ = tidy.check_calls(path, f"#pragma once\n{call}\n")
    assert number == 2 and "is banned here: " in message


@pytest.mark.parametrize("text,path", [row[1:] for row in GOOD_CALLS], ids=[row[0] for row in GOOD_CALLS])
def test_harmless_code_is_left_alone(text, path):
    assert list(tidy.check_calls(path, text)) == []


def test_arrows_downward_are_allowed():
    for folder, allowed in rules.ALLOWED_INCLUDES.items():
        for other in allowed:
            target = other if "." in other else f"{other}/a.h"
            path = f"src/{folder}/a.cpp" if folder != "." else "src/main.cpp"
            assert list(tidy.check_arrows(path, f'#include "{target}"\n')) == []


def test_functions_are_found_with_their_lines():
    text = """namespace n {
struct S {
  int get() const { return x; }
  int x{3};
};
const int kTable[] = {1, 2};
enum class E : int { a };
template <class T>
T S::twice(T t) {
  auto f = [&](int i) { if (i) { return i; } return 2; };
  return t;
}
S::S(int a) : x{a}, y(a) {
  go();
}
struct stat facts(int fd) {
  return {};
}
}
"""
    assert functions(text) == [("get", 3, 3), ("S::twice", 8, 12), ("S::S", 13, 15), ("facts", 16, 18)]
