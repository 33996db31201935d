#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "shell/uv.h"

namespace bootsman {

/// One end of what the gateway relays: a stream socket of the loop with at most one write under
/// way. What its owner writes while the kernel takes no more is kept: the owner stops reading the
/// other end until drained() comes, so no more than one read's worth of bytes waits.
class RelayEnd {
 public:
  /// Called on the loop. `keep` is held during each call, so that the owner may end there.
  struct Events {
    std::weak_ptr<void> keep;
    std::function<void(std::string_view)> bytes;  ///< Valid during the call.
    std::function<void()> drained;
    /// UV_EOF: the other side sends no more. Any other: the connection is broken.
    std::function<void(int status)> ended;
    /// What waited can't be written. What the other side sent before may still be read.
    std::function<void()> refused;
  };
  enum class Written : std::uint8_t { Whole, Waits, Broken };

  /// Reads into `buffer`, which may be shared by all ends of a loop.
  explicit RelayEnd(std::span<char> buffer) : buffer_(buffer) {}
  ~RelayEnd() { close(); }
  RelayEnd(const RelayEnd&) = delete;
  RelayEnd& operator=(const RelayEnd&) = delete;

  void events(Events events) { events_ = std::move(events); }
  /// Takes over a connected socket that is not being read.
  void take(UvPtr<uv_tcp_t> socket);
  /// Gives the socket back, not being read; nothing may wait.
  UvPtr<uv_tcp_t> release();
  bool open() const { return socket_ != nullptr; }
  uv_tcp_t* socket() const { return socket_.get(); }

  void read(bool on);
  /// After Broken nothing more is called but what reading finds.
  Written write(std::string_view bytes);
  bool waits() const { return writing_; }
  /// Tells the other side that nothing more comes, once what waits is written.
  void end_writing();
  void close();
  /// Closes so that the other side can't take what it got for the whole.
  void reset();

 private:
  static void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer);
  static void on_written(uv_write_t* request, int status);
  void written(int status);
  bool start_write(std::string bytes);
  uv_stream_t* stream() const { return reinterpret_cast<uv_stream_t*>(socket_.get()); }

  std::span<char> buffer_;
  Events events_;
  UvPtr<uv_tcp_t> socket_;
  std::string next_;  ///< Behind the write under way.
  bool writing_ = false;
  bool reading_ = false;
  bool ending_ = false;
};

}  // namespace bootsman
