#pragma once

#include <functional>
#include <memory>
#include <string>

#include "plan/gateway_plan.h"
#include "shell/passage.h"
#include "shell/relay_end.h"
#include "wire/gateway.h"
#include "wire/gateway_trouble.h"
#include "wire/reply_stream.h"

namespace bootsman {

/// What all exchanges of a gateway share. Outlives them.
struct GatewayShared {
  uv_loop_t* loop = nullptr;
  std::span<char> buffer;  ///< Read into, and used up before the next read.
  /// How long a client may leave off in the middle of a request's body.
  Millis upload_idle{60'000};
  std::function<Response(const GatewayRoute&, const UpstreamTrouble&)> trouble;
  /// An exchange is over; `status` is what the client got, 0 for nothing.
  std::function<void(const GatewayRoute& route, const Request& head, int status,
                     std::uint64_t bytes, Millis took)>
      done;
  std::size_t under_way = 0;
  std::size_t most = 512;  ///< Each holds two descriptors.
};

/// One request on its way through the gateway: a connection of its own to the upstream, the body
/// up and the answer down at the pace of whoever reads slower, or a tunnel after a 101. Holds no
/// more than one read's worth of bytes in each direction.
class GatewayExchange : public Passage, public std::enable_shared_from_this<GatewayExchange> {
 public:
  GatewayExchange(GatewayShared& shared, PassageStart start, PassOn to);
  ~GatewayExchange() override;

  void begin() override;
  void time_over() override;
  void close() override;

 private:
  enum class Phase : std::uint8_t { Connecting, Relaying, Ending, Tunnel, Over };

  void try_connect();
  int connect();
  int connect_socket();
  static void on_connected(uv_connect_t* request, int status);
  void connected(int status);
  void client_bytes(std::string_view bytes);
  void client_drained();
  void client_ended(int status);
  void upstream_bytes(std::string_view bytes);
  void upstream_drained();
  void upstream_ended(int status);
  void upstream_refused();
  void end_tunnel();
  void upload(std::string_view bytes);
  void download(std::string_view bytes);
  bool take_head(const ReplyHead& reply);
  void to_upstream(std::string_view bytes);
  void to_client(std::string_view bytes);
  void tunnel(std::string_view first);
  void fail(UpstreamTrouble trouble);
  void answer(const Response& response);
  void reply_done();
  void finish();
  void cut_off();
  void over(UvPtr<uv_tcp_t> socket, bool last);
  void wait_for_client_or_reply();

  GatewayShared& shared_;
  const Request head_;
  const PassOn to_;
  RequestParser& parser_;
  const PassageHost host_;
  RelayEnd client_;
  RelayEnd upstream_;
  ReplyReader reader_;
  std::string unread_;  ///< Of the client, not given to the parser.
  Phase phase_ = Phase::Connecting;
  ReplyFraming framing_;
  std::string client_address_;
  std::uint64_t began_ = 0;
  std::uint64_t sent_down_ = 0;
  int status_ = 0;             ///< Of the answer's head, once it was sent.
  bool request_over_ = false;  ///< The whole request was read.
  bool upload_off_ = false;    ///< The upstream takes no more of it; an answer may still come.
  bool client_ended_ = false, upstream_ended_ = false;  ///< In a tunnel.
};

}  // namespace bootsman
