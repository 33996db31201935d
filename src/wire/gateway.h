#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "plan/gateway_plan.h"
#include "wire/http.h"
#include "wire/reply_stream.h"

namespace bootsman {

// The gateway's pure part: which request goes where, and what heads look like on the other side.
// Both sides are framed anew, so that no two servers can read one stream differently.

/// No route takes the request: it is the init's own.
struct NotRouted {};
struct PassOn {
  const GatewayRoute* route = nullptr;
  std::string target;    ///< Path and query as the upstream shall see them.
  bool upgrade = false;  ///< The client asks for another protocol (RFC 9110, 7.8).
};
/// A Response is what the gateway says itself: 400 for a path that can be read in two ways, 401
/// without the route's secret, 308 from "/lab" to "/lab/".
using GatewayVerdict = std::variant<NotRouted, Response, PassOn>;

/// The verdict points into the plan.
GatewayVerdict route_request(const Request& head, const GatewayPlan& plan);

/// Whether the request brings what the route wants (its bearer or basic).
bool may_pass(const Request& head, const GatewayRoute& route);

/// The head for the upstream: without what concerns one connection only, with X-Forwarded-For (the
/// client appended), -Host and -Proto (kept where a proxy in front has set them), -Prefix when
/// stripped. `client` is the client's address in numbers, empty when unknown. The connection is
/// for this request alone. "Expect" is left out: the gateway itself asks for the body.
std::string upstream_head(const Request& head, const PassOn& to, std::string_view client);

/// How the body of an answer is framed for the client.
struct ReplyFraming {
  bool chunked = false;
  bool close = false;  ///< The connection ends after it.
};

/// `request_over`: the whole request has come; otherwise the connection cannot be used again.
ReplyFraming frame_reply(const ReplyHead& reply, const Request& request, bool request_over);

/// The head for the client. Of a 101 it keeps Upgrade.
std::string client_head(const ReplyHead& reply, const Request& request, const GatewayRoute& route,
                        ReplyFraming framing);

}  // namespace bootsman
