#include "shell/early_probes.h"

#include <utility>

#include "wire/http_reply.h"
#include "wire/routes.h"

namespace bootsman {

EarlyProbes::EarlyProbes(uv_loop_t* loop, const Plan& plan, std::string unit, std::string why)
    : loop_(loop),
      unit_(std::move(unit)),
      why_(std::move(why)),
      server_(loop,
              answering_at_once([this](const Request& request) { return answer_probe(request); })) {
  if (!plan.http.enabled) return;
  for (const ListenAddress& address : plan.http.listen) (void)server_.listen(address);
}

EarlyProbes::~EarlyProbes() {
  server_.close();
  // The handles' memory, and with it the addresses, is given back by the loop.
  uv_run(loop_, UV_RUN_NOWAIT);
}

Response EarlyProbes::answer_probe(const Request& request) const {
  if (!request.path.starts_with("/health")) return plain_response(503, "not yet: " + why_);
  const auto not_yet = [this] { return Verdict{false, {{unit_, why_}}}; };
  return answer(request, {[] { return Verdict{}; }, not_yet, not_yet, {}});
}

}  // namespace bootsman
