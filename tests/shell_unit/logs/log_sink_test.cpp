#include "shell/log_sink.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "shell/clock.h"
#include "shell/log_file.h"

namespace bootsman {
namespace {

struct Loop {
  uv_loop_t loop{};
  Loop() { REQUIRE(uv_loop_init(&loop) == 0); }
  ~Loop() {
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&loop) == 0);
  }
};

std::string read_all(const UniqueFd& fd) {
  std::string text;
  char buffer[65536];
  for (ssize_t n; (n = ::read(fd.get(), buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  return text;
}

/// What has lost its beginning or its end.
std::vector<std::string> torn(std::string_view text, std::string_view one, std::string_view other) {
  std::vector<std::string> found;
  if (!text.ends_with('\n')) found.emplace_back("the end");
  for (const std::string_view line : split(text.substr(0, text.size() - 1), '\n'))
    if (line != one && line != other) found.emplace_back(line);
  return found;
}

TEST_CASE("log sink: stdout and stderr that are the same pipe tear no line of each other") {
  const Loop loop;
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const UniqueFd reader(ends[0]);
  const UniqueFd out(ends[1]);
  const UniqueFd err(::dup(out.get()));
  ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
  LogSink sink(const_cast<uv_loop_t*>(&loop.loop), out.get(), err.get(), {}, [] {});
  LogPlan raw;
  raw.format = LogFormat::Raw;
  const std::uint32_t a = sink.add_writer("a", {});
  const std::uint32_t b = sink.add_writer("b", raw);
  const std::string text(99, 'x');
  std::string got;
  for (int round = 0; round < 40; ++round) {
    // More than the pipe takes, so that a line is cut there; then there is room, and another
    // writes.
    for (int i = 0; i < 2000; ++i) sink.put(a, StreamKind::Out, {text, false}, {});
    sink.flush({});
    got += read_all(reader);
    for (int i = 0; i < 1000; ++i) sink.put(b, StreamKind::Err, {text, false}, {});
    sink.flush({});
    for (std::string more = "…"; !more.empty(); got += more) {
      sink.flush_until(mono_now());
      more = read_all(reader);
    }
  }
  CHECK(got.size() == 40 * (2000 * 104 + 1000 * 100));
  CHECK(torn(got, "a | " + text, text) == std::vector<std::string>{});
}

TEST_CASE(
    "log file: behind a helper that died within a line the next one begins with a whole one") {
  Loop loop;
  std::vector<UniqueFd> helpers;
  LineFormat bare;
  bare.format = LogFormat::Raw;
  LogFile file(&loop.loop, {bare, bare}, [&]() -> Result<UniqueFd> {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    helpers.emplace_back(ends[1]);
    return UniqueFd(ends[0]);
  });
  // Of lengths that no buffer of the kernel is a multiple of.
  const std::string text(997, 'x');
  LineScratch scratch;
  for (int i = 0; i < 900; ++i) file.put(StreamKind::Out, {text, false}, scratch, 0);
  const MonoTime begun = mono_now();
  file.flush(begun);
  REQUIRE(helpers.size() == 1);
  const std::string before = read_all(helpers[0]);
  REQUIRE_FALSE(before.ends_with('\n'));
  helpers[0].reset();
  std::string after;
  MonoTime now = begun;
  const auto read_more = [&] {
    for (int silent = 0; silent < 3;) {
      file.flush(now += Millis(2000));
      uv_run(&loop.loop, UV_RUN_NOWAIT);
      const std::string more = helpers.size() == 2 ? read_all(helpers[1]) : "";
      silent = more.empty() ? silent + 1 : 0;
      after += more;
    }
  };
  read_more();
  file.put(StreamKind::Out, {text, false}, scratch, 0);
  read_more();
  CHECK(torn(after, text,
             "[bootsman: 1 line (" + say_size(998 - before.size() % 998) +
                 ") were dropped here, since the file took no more]") ==
        std::vector<std::string>{});
  CHECK(after.find("[bootsman: 1 line") != std::string::npos);
}

}  // namespace
}  // namespace bootsman
