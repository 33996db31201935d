#include "shell/notify.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/format.h"
#include "shell/proc_walk.h"
#include "wire/notify_message.h"

namespace bootsman {
namespace {

/// Longest datagram that is read; a longer one is dropped.
constexpr std::size_t kDatagramMax = 4096;
/// What one run may say in one turn of the loop: a flood waits, and so does its writer.
constexpr int kTurnMax = 32;
/// What may come along with a datagram, to be closed (SCM_MAX_FD of the kernel).
constexpr std::size_t kFdsMax = 253;

struct Received {
  std::string text;
  ucred sender{};
  bool known = false;  ///< The kernel told who it was.
};

void take_control(const msghdr& message, Received& received) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(const_cast<msghdr*>(&message), part)) {
    if (part->cmsg_level != SOL_SOCKET) continue;
    if (part->cmsg_type == SCM_CREDENTIALS) {
      std::memcpy(&received.sender, CMSG_DATA(part), sizeof received.sender);
      received.known = true;
    }
    if (part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      ::close(fd);
    }
  }
}

/// One datagram; nothing when none waits.
std::optional<Received> receive(int socket) {
  Received received;
  received.text.resize(kDatagramMax);
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(kFdsMax * sizeof(int))>
      control;
  iovec into{received.text.data(), received.text.size()};
  msghdr message{};
  message.msg_iov = &into;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t n = 0;
  do {
    n = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return std::nullopt;
  take_control(message, received);
  const bool whole = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
  received.text.resize(whole ? static_cast<std::size_t>(n) : 0);
  return received;
}

std::string random_name() {
  std::array<std::uint64_t, 2> bits{};
  if (::getrandom(bits.data(), sizeof bits, 0) != sizeof bits) bits[0] = bits[1] = 0;
  return format("bootsman/notify/{:016x}{:016x}", bits[0], bits[1]);
}

/// An abstract socket of that name that tells who sent what.
Result<UniqueFd> make_ear(const std::string& name) {
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail(with_errno("cannot make a notification socket", errno));
  const int on = 1;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
    return fail(with_errno("cannot have a notification socket name its senders", errno));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0)
    return fail(with_errno("cannot bind a notification socket", errno));
  return socket;
}

}  // namespace

struct Notify::Ear {
  UnitIndex unit;
  RunId run;
  std::uint32_t uid = 0;  ///< The unit's user.
  Pid leader;
  bool is_pipe = false;
  UniqueFd fd;
  FdWatch watch;

  bool believes(const ucred& sender) const {
    // 0 is a process of another namespace.
    if (sender.pid <= 0 || leader.value <= 0) return false;
    if (sender.pid == leader.value) return true;
    switch (kinship(Pid{sender.pid}, leader)) {
      case Kinship::Kin:
        return true;
      case Kinship::Stranger:
        return false;
      case Kinship::Gone:
        break;
    }
    return sender.uid == uid || sender.uid == 0 || sender.uid == ::geteuid();
  }
};

Notify::Notify(uv_loop_t* loop, Heard heard) : loop_(loop), heard_(std::move(heard)) {}
Notify::~Notify() = default;

Result<Notify::Offer> Notify::open(const Unit& unit, UnitIndex index, RunId run) {
  Offer offer;
  const auto* as_fd = unit.ready ? std::get_if<NotifyFdProbe>(&unit.ready->probe) : nullptr;
  if (as_fd != nullptr) {
    auto pipe = make_log_pipe();
    if (!pipe) return fail(std::move(pipe).error());
    auto ear = std::make_shared<Ear>();
    ear->is_pipe = true;
    ear->fd = std::move(pipe->read);
    offer.fd = std::move(pipe->write);
    offer.target = as_fd->fd;
    if (auto added = add(std::move(ear), unit, index, run); !added) return fail(added.error());
  }
  if (!unit.notifies()) return offer;
  const std::string name = random_name();
  auto socket = make_ear(name);
  if (!socket) return fail(std::move(socket).error());
  auto ear = std::make_shared<Ear>();
  ear->fd = std::move(*socket);
  if (auto added = add(std::move(ear), unit, index, run); !added) return fail(added.error());
  offer.environment.push_back("NOTIFY_SOCKET=@" + name);
  const auto* watchdog = unit.health ? std::get_if<WatchdogProbe>(&unit.health->probe) : nullptr;
  // Without WATCHDOG_PID any process of the unit may speak, also one below a shell.
  if (watchdog != nullptr)
    offer.environment.push_back("WATCHDOG_USEC=" +
                                std::to_string(Micros{watchdog->within}.count()));
  return offer;
}

Result<void> Notify::add(std::shared_ptr<Ear> ear, const Unit& unit, UnitIndex index, RunId run) {
  ear->unit = index;
  ear->run = run;
  ear->uid = unit.launch.account ? unit.launch.account->uid : ::geteuid();
  // The map owns it; the watch is a part of it.
  auto watch = FdWatch::make(loop_, ear->fd.get(), [this, raw = ear.get()] { hear(*raw); });
  if (!watch) return fail(std::move(watch).error().within("cannot hear a unit"));
  ear->watch = std::move(*watch);
  ears_.emplace(run, std::move(ear));
  return {};
}

void Notify::started(RunId run, Pid leader) {
  const auto [first, last] = ears_.equal_range(run);
  for (auto one = first; one != last; ++one) {
    one->second->leader = leader;
    one->second->watch.want_readable();
  }
}

void Notify::hear(Ear& ear) {
  if (ear.is_pipe)
    hear_pipe(ear);
  else
    hear_socket(ear);
}

void Notify::hear_socket(Ear& ear) {
  for (int i = 0; i < kTurnMax; ++i) {
    const auto received = receive(ear.fd.get());
    if (!received) return;
    if (received->text.empty() || !received->known || !ear.believes(received->sender)) continue;
    const Word word = parse_notification(received->text);
    if (!(word == Word{})) heard_({ear.unit, ear.run, word});
  }
}

/// The first line end is the word; what comes after it means nothing, as for s6.
void Notify::hear_pipe(Ear& ear) {
  if (!ear.watch.active()) return;
  std::array<char, 512> buffer{};
  for (int i = 0; i < kTurnMax; ++i) {
    const ssize_t n = ::read(ear.fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;
    Word word;
    word.speechless = n == 0;
    word.ready = n > 0 && std::memchr(buffer.data(), '\n', static_cast<std::size_t>(n)) != nullptr;
    if (!word.ready && !word.speechless) continue;
    ear.watch.stop();
    if (word.ready) ear.fd.reset();
    return heard_({ear.unit, ear.run, word});
  }
}

void Notify::hear_all() {
  for (const auto& [run, ear] : ears_)
    if (ear->leader.value > 0) hear(*ear);
}

void Notify::close(RunId run) {
  ears_.erase(run);
}

}  // namespace bootsman
