#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <string>

#include "shell/log_hub.h"

namespace bootsman {

/// A loop, and a pipe in the place of the init's stdout.
struct World {
  uv_loop_t loop{};
  Pipe out;
  std::unique_ptr<LogHub> hub;

  World() {
    REQUIRE(uv_loop_init(&loop) == 0);
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);  // Blocking on both ends, as a runtime's.
    out.read.reset(ends[0]);
    out.write.reset(ends[1]);
    ::fcntl(out.read.get(), F_SETFL, O_NONBLOCK);
    hub = std::make_unique<LogHub>(&loop, out.write.get(), out.write.get());
  }
  ~World() {
    hub.reset();
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&loop) == 0);
  }
  UniqueFd stream(std::uint32_t unit, std::uint64_t run, StreamKind kind = StreamKind::Out) {
    auto pipe = make_log_pipe();
    REQUIRE(pipe);
    REQUIRE(hub->open_stream(UnitIndex{unit}, RunId{run}, kind, std::move(pipe->read)));
    return std::move(pipe->write);
  }
  /// With the end of a pause in which a flood gathers, where one has begun.
  void turn() {
    uv_run(&loop, UV_RUN_NOWAIT);
    // Not by UV_RUN_ONCE: that would run the timer first, and then wait where nothing may come.
    if (const int pause = uv_backend_timeout(&loop); pause > 0) {
      ::poll(nullptr, 0, pause);
      uv_run(&loop, UV_RUN_NOWAIT);
    }
    hub->flush();
  }
  /// Until several turns bring nothing more.
  std::string read_rest() {
    std::string text;
    for (int silent = 0; silent < 10;) {
      turn();
      const std::string more = read_out();
      silent = more.empty() ? silent + 1 : 0;
      text += more;
    }
    return text;
  }
  std::string read_out() {
    std::string text;
    char buffer[65536];
    for (ssize_t n; (n = ::read(out.read.get(), buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(n));
    return text;
  }
};

inline void write_all(const UniqueFd& fd, std::string_view text) {
  REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

}  // namespace bootsman
