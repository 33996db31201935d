#include "plan/hooks_plan.h"

namespace bootsman {

HooksPlan plan_hooks(const Settings& settings, Diagnostics& diagnostics) {
  HooksPlan hooks;
  if (const Setting* setting = settings.find("hooks.on_event")) {
    settings.read<std::vector<std::string>>("hooks.on_event", hooks.programs);
    if (hooks.programs.size() > HooksPlan::kProgramsMax)
      diagnostics.error(setting->at, "hooks.on_event", "cannot use more than 8 programs");
    for (const std::string& program : hooks.programs)
      if (!program.starts_with('/') && !setting->unresolved)
        diagnostics.error(setting->at, "hooks.on_event",
                          "cannot use \"" + program + "\": each entry is the absolute path of a "
                          "program, which is run without arguments");
  }
  settings.read<std::string>("hooks.webhook.url", hooks.web.url);
  settings.read<std::string>("hooks.webhook.bearer", hooks.web.bearer);
  settings.read<std::string>("hooks.webhook.ca_file", hooks.web.ca_file);
  settings.read<bool>("hooks.webhook.insecure", hooks.web.insecure);
  const Setting* url = settings.find("hooks.webhook.url");
  const bool good = hooks.web.url.starts_with("https://") ||
                    (hooks.web.insecure && hooks.web.url.starts_with("http://"));
  if (url != nullptr && !url->unresolved && !good)
    diagnostics.error(url->at, "hooks.webhook.url",
                      "cannot use this URL: it begins with https://, or with http:// and "
                      "hooks.webhook.insecure = true");
  return hooks;
}

}  // namespace bootsman
