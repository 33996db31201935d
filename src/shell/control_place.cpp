#include "shell/control_place.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "shell/what_may_hang.h"

namespace bootsman {

namespace {

constexpr int kBacklog = 511;
constexpr mode_t kOwnerOnly = 0177;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

UniqueFd make_socket() {
  return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

Result<void> make_folder(const ControlPlace& place) {
  const auto slash = place.path.rfind('/');
  if (slash == std::string::npos || slash == 0) return {};
  const std::string folder = place.path.substr(0, slash);
  const mode_t mode = place.private_folder ? 0700 : 0755;
  if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) {
    return fail(with_errno("cannot make the folder " + folder, errno));
  }
  if (!place.private_folder) return {};
  struct stat found {};
  if (::lstat(folder.c_str(), &found) != 0) {
    return fail(with_errno("cannot look at the folder " + folder, errno));
  }
  if (!S_ISDIR(found.st_mode) || found.st_uid != ::geteuid() || (found.st_mode & 077) != 0) {
    return fail("cannot use the folder " + folder + ": it is not this user's alone (mode 0700)");
  }
  return {};
}

/// Makes room for a socket of our own where nothing but a forgotten socket is in the way.
Result<void> clear(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return {};  // bind() tells of anything but ENOENT.
  if (!S_ISSOCK(found.st_mode)) return fail("cannot use " + path + ": it is not a socket");
  const auto answering = connect_local(path);
  if (answering || answering.error() != ECONNREFUSED) {
    return fail("cannot use " + path + ": another process listens there");
  }
  if (::unlink(path.c_str()) != 0) return fail(with_errno("cannot replace " + path, errno));
  return {};
}

Result<UniqueFd> bind_at(const ControlPlace& place) {
  const auto address = address_of(place.path);
  if (!address) return fail("cannot use " + place.path + ": the path is too long for a socket");
  if (const std::string mount = what_may_hang(place.path); !mount.empty())
    return fail("cannot use " + place.path + ": it lies on " + mount +
                ", which may hang; choose a folder of the container's own, such as /run");
  if (auto made = make_folder(place); !made) return fail(std::move(made).error());
  if (auto cleared = clear(place.path); !cleared) return fail(std::move(cleared).error());
  UniqueFd socket = make_socket();
  if (!socket) return fail(with_errno("cannot make a socket", errno));
  // The mode is there from the first moment: chmod after bind would leave a gap.
  const mode_t before = ::umask(place.open_to_all ? 0111 : kOwnerOnly);
  const int bound =
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
  const int error = errno;
  ::umask(before);
  if (bound != 0) return fail(with_errno("cannot make the socket " + place.path, error));
  if (::listen(socket.get(), kBacklog) != 0) {
    return fail(with_errno("cannot listen on " + place.path, errno));
  }
  return socket;
}

}  // namespace

std::vector<ControlPlace> control_places(const std::vector<std::uint32_t>& uids) {
  if (auto named = variable("BOOTSMAN_SOCKET"); !named.empty()) return {{std::move(named), false}};
  std::vector<ControlPlace> places{{"/run/bootsman/control.sock", false}};
  if (auto folder = variable("XDG_RUNTIME_DIR"); folder.starts_with('/')) {
    places.push_back({folder + "/bootsman/control.sock", true});
  }
  for (std::size_t i = 0; i < uids.size(); ++i) {
    if (i > 0 && uids[i] == uids[0]) continue;
    places.push_back({"/tmp/bootsman-" + std::to_string(uids[i]) + "/control.sock", true});
  }
  return places;
}

tl::expected<UniqueFd, int> connect_local(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return tl::make_unexpected(ENAMETOOLONG);
  UniqueFd socket = make_socket();
  if (!socket) return tl::make_unexpected(errno);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return tl::make_unexpected(errno);
  }
  return socket;
}

Result<Listener> listener_of(int connected) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(connected, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) {
    return fail(with_errno("cannot learn who listens", errno));
  }
  return Listener{who.pid, who.uid};
}

std::string init_that_answers() {
  if (::getpid() == 1) return "";
  for (const ControlPlace& place : control_places({::geteuid()})) {
    if (!what_may_hang(place.path).empty()) continue;
    const auto connected = connect_local(place.path);
    if (!connected) continue;
    const auto listener = listener_of(connected->get());
    if (listener && listener->pid == 1) return place.path;
  }
  return "";
}

Result<ControlSocket> ControlSocket::open(const std::vector<ControlPlace>& places, bool for_all) {
  std::string reasons;
  for (const ControlPlace& place : places) {
    auto bound = bind_at(place);
    if (bound && for_all && ::chmod(place.path.c_str(), 0666) != 0) {
      bound = fail(with_errno("cannot open " + place.path + " to its groups", errno));
    }
    if (bound) return ControlSocket(place.path, std::move(*bound));
    reasons += (reasons.empty() ? "" : "; ") + bound.error().message();
  }
  return fail(reasons);
}

ControlSocket::ControlSocket(std::string path, UniqueFd listening)
    : path_(std::move(path)), listening_(std::move(listening)) {
  struct stat made {};
  if (::lstat(path_.c_str(), &made) != 0) return;
  device_ = made.st_dev;
  inode_ = made.st_ino;
}

ControlSocket::~ControlSocket() {
  struct stat found {};
  if (path_.empty() || !what_may_hang(path_).empty() || ::lstat(path_.c_str(), &found) != 0) return;
  if (found.st_dev == device_ && found.st_ino == inode_) ::unlink(path_.c_str());
}

}  // namespace bootsman
