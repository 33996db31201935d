#include "shell/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace bootsman {

Result<Signals> Signals::open(uv_loop_t* loop, std::function<void(Signal)> received) {
  sigset_t blocked;
  ::sigprocmask(SIG_SETMASK, nullptr, &blocked);
  Signals signals;
  signals.fd_.reset(::signalfd(-1, &blocked, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!signals.fd_) return fail(with_errno("cannot listen for signals", errno));
  auto watch =
      FdWatch::make(loop, signals.fd_.get(), [fd = signals.fd_.get(), call = std::move(received)] {
        signalfd_siginfo info[16];
        for (;;) {
          const ssize_t n = ::read(fd, info, sizeof info);
          if (n <= 0) return;
          for (std::size_t i = 0; i < static_cast<std::size_t>(n) / sizeof info[0]; ++i)
            call(Signal{static_cast<int>(info[i].ssi_signo)});
        }
      });
  if (!watch) return fail(std::move(watch).error());
  signals.watch_ = std::move(*watch);
  signals.watch_.want_readable();
  return signals;
}

}  // namespace bootsman
