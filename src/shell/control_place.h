#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "sys/fd.h"

namespace bootsman {

/// Where a control socket may be.
struct ControlPlace {
  std::string path;
  /// Its folder must be ours alone (0700), since others can write beside it.
  bool private_folder = false;
  /// Everybody may connect whom the folder lets in; else the owner only.
  bool open_to_all = false;
};

/// The places in their order: $BOOTSMAN_SOCKET alone where it is set; else
/// /run/bootsman/control.sock, below $XDG_RUNTIME_DIR, and /tmp/bootsman-UID/ for each of `uids`.
/// The init passes its own uid; a client its own and that of PID 1.
std::vector<ControlPlace> control_places(const std::vector<std::uint32_t>& uids);

/// The init's listening socket. Its file goes with it.
class ControlSocket {
 public:
  /// Binds in the first place that takes it, mode 0600 from the start (0666 where it is open to all). A socket that nobody listens
  /// on is replaced; one that somebody answers on, or a file that is no socket, is left alone. The
  /// error names every place with its reason. `for_all`: once it listens every user may connect; what
  /// they may ask is the server's to decide.
  static Result<ControlSocket> open(const std::vector<ControlPlace>& places,
                                    bool for_all = false);

  ControlSocket(ControlSocket&& other) noexcept
      : path_(std::exchange(other.path_, {})),
        listening_(std::move(other.listening_)),
        device_(other.device_),
        inode_(other.inode_) {}
  ControlSocket& operator=(ControlSocket&&) = delete;
  /// Removes the file while it is still the one that open() made.
  ~ControlSocket();

  const std::string& path() const { return path_; }
  /// Hands out the descriptor; once.
  UniqueFd take() { return std::move(listening_); }

 private:
  ControlSocket(std::string path, UniqueFd listening);
  std::string path_;
  UniqueFd listening_;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
};

/// Connects to a unix socket; the descriptor does not block and is closed on exec. The error is the
/// errno, as a client's choice of the next place rests on it.
tl::expected<UniqueFd, int> connect_local(const std::string& path);

/// The process that listens at the other end (SO_PEERCRED); its PID is 0 where it is in no
/// namespace of ours.
struct Listener {
  std::int32_t pid = 0;
  std::uint32_t uid = 0;
};
Result<Listener> listener_of(int connected);

/// Where the Bootsman that is PID 1 of this process's namespace answers; empty where this process
/// is PID 1 itself, or none answers at control_places().
std::string init_that_answers();

}  // namespace bootsman
