#include "cli/signal_reader.h"

#include <sys/signalfd.h>
#include <unistd.h>

namespace bootsman {

SignalReader::SignalReader() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT}) ::sigaddset(&set, number);
  ::sigprocmask(SIG_BLOCK, &set, &before_);
  fd_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

SignalReader::~SignalReader() {
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int SignalReader::next() const {
  signalfd_siginfo info{};
  const auto count = ::read(fd_.get(), &info, sizeof info);
  return count == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
}

}  // namespace bootsman
