#include "base/json.h"
#include "cli/boot_view.h"
#include "cli/control_commands.h"
#include "cli/output.h"

namespace bootsman {

int boot_report_command(const Invocation& asked) {
  const auto client = ControlClient::find();
  if (!client) return complain(client.error().message(), kNoInit);
  const auto reply = client->ask("GET", "/v1/boot");
  if (!reply) return complain(reply.error().message(), kBad);
  if (reply->status != 200) return complain(error_of(*reply), kBad);
  if (asked.has("--json")) {
    print(to_json(reply->body) + "\n");
  } else if (asked.has("--svg")) {
    print(boot_svg(reply->body));
  } else {
    print(boot_table(reply->body, style_of_stdout().width));
  }
  return 0;
}

}  // namespace bootsman
