#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/types.h"
#include "plan/plan.h"
#include "shell/uv.h"

namespace bootsman {

struct ProbeId {
  std::uint64_t value = 0;
  auto operator<=>(const ProbeId&) const = default;
};

/// Makes tcp and http probes on the loop: no name is resolved, nothing blocks, one timer serves
/// them all and is set only while a probe is under way. SIGPIPE must be ignored or blocked by the
/// process. The loop must turn once more after the prober is gone.
class Prober {
 public:
  /// `why` is empty when `ok`, else a reason like "cannot connect to 127.0.0.1:8888: connection
  /// refused", "status 503, wanted 2xx or 3xx", "no answer within 2s".
  using Done = std::function<void(bool ok, std::string why)>;

  explicit Prober(uv_loop_t* loop);
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  /// Starts a TcpProbe (good when the connection is accepted) or an HttpProbe (good when a whole
  /// head with the wanted status comes, and the wanted text in the body; redirects are not
  /// followed). `done` is called once, from the loop, never from within start(); it may start and
  /// cancel probes. When the whole process was paused for over a second, `timeout` is prolonged by
  /// the pause.
  ProbeId start(const Probe& probe, Millis timeout, Done done);

  /// Ends a probe without calling its `done`. One that is over: nothing happens.
  void cancel(ProbeId id);

  /// How many sockets are open, those that only take the rest of an answer included.
  std::size_t open() const { return attempts_.size(); }

 private:
  struct Attempt;

  void connect(Attempt& attempt, const std::string& host, std::uint16_t port);
  void report(Attempt& attempt, bool ok, std::string why);
  void report_at_once(Attempt& attempt, std::string why);
  void remove(std::uint64_t id);
  void arm(std::uint64_t at);
  void on_time();
  bool expire(Attempt& attempt, std::uint64_t now);

  uv_loop_t* loop_;
  std::array<char, 16 * 1024> buffer_;
  std::map<std::uint64_t, std::shared_ptr<Attempt>> attempts_;
  std::uint64_t last_id_ = 0;
  UvPtr<uv_timer_t> timer_;
  std::uint64_t armed_at_ = 0;  ///< Time of the loop in ms; 0: not armed.
};

}  // namespace bootsman
