#include "steps/catalog.h"

#include <array>

namespace bootsman {
namespace {

constexpr std::array kBuiltIns = std::to_array<BuiltIn>({
    {.type = "profile", .plan = plan_profile},
    {.type = "proxy", .plan = plan_proxy},
    {.type = "resolv", .plan = plan_resolv},
    {.type = "hosts", .plan = plan_hosts},
    {.type = "directories", .plan = plan_directories},
    {.type = "timezone", .plan = plan_timezone},
    {.type = "locale", .plan = plan_locale},
    {.type = "password",
     .plan = plan_password,
     .identity_bound = true,
     .must_work = true,
     .locks_passwords = true},
    {.type = "authorized_keys", .plan = plan_authorized_keys, .must_work = true},
    {.type = "ssh", .plan = plan_ssh, .identity_bound = true},
    {.type = "motd", .plan = plan_motd, .first_boot = true},
    {.type = "pip", .plan = plan_pip, .first_boot = true},
    {.type = "uv", .plan = plan_uv},
    {.type = "npm", .plan = plan_npm},
    {.type = "conda", .plan = plan_conda, .first_boot = true},
    {.type = "jupyter",
     .plan = plan_jupyter,
     .identity_bound = true,
     .first_boot = true,
     .secret = "JUPYTER_TOKEN"},
    {.type = "files", .plan = plan_files},
    {.type = "shutdown-command", .plan = plan_shutdown_command},
    {.type = "hooks", .plan = plan_hooks, .must_work = true},
    {.type = "remote", .plan = plan_remote},
});

}  // namespace

std::span<const BuiltIn> built_in_steps() {
  return kBuiltIns;
}

const BuiltIn* find_built_in(std::string_view type) {
  for (const BuiltIn& row : kBuiltIns)
    if (row.type == type) return &row;
  return nullptr;
}

}  // namespace bootsman
