#include "wrap/options.h"

#include <doctest/doctest.h>

#include <csignal>
#include <string>

#include "wrap/child.h"

namespace bootsman {

namespace {

constexpr int kByProcess = SI_USER;

struct ForwardRow {
  const char* name;
  int signal;
  int si_code;
  int forwarded;  ///< 0: not.
};

constexpr ForwardRow kForwardRows[] = {
    {"a stop request", SIGTERM, kByProcess, SIGTERM},
    {"an interrupt by the terminal", SIGINT, SI_KERNEL, SIGINT},
    {"a signal by sigqueue", SIGUSR1, SI_QUEUE, SIGUSR1},
    {"the first real-time signal", 34, kByProcess, 34},
    {"the last real-time signal", 64, kByProcess, 64},
    {"the end of a child", SIGCHLD, CLD_EXITED, 0},
    {"SIGCHLD from a process", SIGCHLD, kByProcess, 0},
    {"a number that the C library keeps", 32, kByProcess, 0},
    {"the other number that it keeps", 33, kByProcess, 0},
    {"SIGSEGV from a process", SIGSEGV, kByProcess, SIGSEGV},
    {"SIGSEGV to a thread", SIGSEGV, SI_TKILL, SIGSEGV},
    {"a fault of memory of our own", SIGSEGV, SEGV_MAPERR, 0},
    {"a bus fault of our own", SIGBUS, BUS_ADRALN, 0},
    {"a division of our own", SIGFPE, FPE_INTDIV, 0},
    {"an instruction of our own", SIGILL, ILL_ILLOPC, 0},
    {"a trap of our own", SIGTRAP, TRAP_BRKPT, 0},
    {"a system call of our own", SIGSYS, SI_KERNEL, 0},
    {"no signal at all", 0, kByProcess, 0},
    {"a number beyond the last", 65, kByProcess, 0},
};

struct RewriteRow {
  const char* text;
  int from;
  int to;  ///< What `from` is forwarded as; 0: not.
};

constexpr RewriteRow kRewriteRows[] = {
    {"SIGTERM:SIGQUIT", SIGTERM, SIGQUIT},
    {"term:int", SIGTERM, SIGINT},
    {"15:3", SIGTERM, SIGQUIT},
    {"HUP:0", SIGHUP, 0},
    {"TERM:KILL", SIGTERM, SIGKILL},
    {"SIGRTMIN+3:TERM", 37, SIGTERM},
    {"TSTP:STOP", SIGTSTP, SIGSTOP},
};

struct BadRewriteRow {
  const char* text;
  const char* error;
};

constexpr BadRewriteRow kBadRewriteRows[] = {
    {"", "cannot read the rewrite \"\""},
    {"TERM", "cannot read the rewrite \"TERM\""},
    {"TREM:INT", "did you mean \"SIGTERM\"?"},
    {"TERM:", "cannot read the signal \"\""},
    {"0:TERM", "the numbers go from 1 to 64"},
    {"KILL:TERM", "cannot rewrite SIGKILL: it is never forwarded"},
    {"CHLD:TERM", "cannot rewrite SIGCHLD: it is never forwarded"},
    {"TERM:65", "the numbers go from 1 to 64"},
    {"1:2:3", "cannot read the signal \"2:3\""},
};

}  // namespace

TEST_CASE("which signals are forwarded") {
  for (const auto& row : kForwardRows) {
    CAPTURE(row.name);
    const auto forwarded = SignalMap().forwarded(Signal{row.signal}, row.si_code);
    CHECK(forwarded.value_or(Signal{0}).value == row.forwarded);
  }
}

TEST_CASE("rewrites") {
  for (const auto& row : kRewriteRows) {
    CAPTURE(row.text);
    SignalMap map;
    REQUIRE_FALSE(read_rewrite(row.text, map).has_value());
    CHECK(map.forwarded(Signal{row.from}, kByProcess).value_or(Signal{0}).value == row.to);
    CHECK(map.forwarded(Signal{SIGUSR2}, kByProcess) == Signal{SIGUSR2});
  }
}

TEST_CASE("rewrites that can't be") {
  for (const auto& row : kBadRewriteRows) {
    CAPTURE(row.text);
    SignalMap map;
    const auto error = read_rewrite(row.text, map);
    REQUIRE(error.has_value());
    CHECK_MESSAGE(error->message().find(row.error) != std::string::npos, error->message());
  }
}

TEST_CASE("a rewrite that was asked for is no default's to change") {
  SignalMap map;
  map.rewrite(Signal{SIGTSTP}, Signal{SIGTSTP});
  map.rewrite_unless_set(Signal{SIGTSTP}, Signal{SIGSTOP});
  map.rewrite_unless_set(Signal{SIGTTIN}, Signal{SIGSTOP});
  CHECK(map.forwarded(Signal{SIGTSTP}, kByProcess) == Signal{SIGTSTP});
  CHECK(map.forwarded(Signal{SIGTTIN}, kByProcess) == Signal{SIGSTOP});
}

TEST_CASE("exit codes are whole numbers from 0 to 255") {
  CHECK(parse_exit_code("0") == 0);
  CHECK(parse_exit_code("255") == 255);
  for (const char* wrong : {"", "-1", "256", "1x", " 1", "99999999999999999999"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_exit_code(wrong).has_value());
  }
}

TEST_CASE("the exit code of a command that can't be executed") {
  struct Row {
    FailureCodes kind;
    int error;
    int code;
  };
  constexpr Row kRows[] = {
      {FailureCodes::Shell, ENOENT, 127},   {FailureCodes::Shell, ENOTDIR, 127},
      {FailureCodes::Shell, EACCES, 126},   {FailureCodes::Shell, ENOEXEC, 126},
      {FailureCodes::Tini, ENOENT, 127},    {FailureCodes::Tini, EACCES, 126},
      {FailureCodes::Tini, ENOTDIR, 1},     {FailureCodes::DumbInit, ENOENT, 2},
      {FailureCodes::DumbInit, ENOTDIR, 2},
  };
  for (const auto& row : kRows) {
    CAPTURE(row.error);
    CHECK(exec_failure_code(row.kind, row.error) == row.code);
  }
}

}  // namespace bootsman
