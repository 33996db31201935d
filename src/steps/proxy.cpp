#include <algorithm>

#include "base/text.h"
#include "steps/catalog.h"

// The step proxy. All programs that this is about (curl, git, pip, conda, uv, npm, apt) read these
// variables, so no file of theirs is written; but some know only the small letters, some only the
// capitals.

namespace bootsman {
namespace {

struct ProxyNames {
  const char* setting;
  const char* lower;
  const char* upper;
};

constexpr ProxyNames kProxies[] = {{"http", "http_proxy", "HTTP_PROXY"},
                                   {"https", "https_proxy", "HTTPS_PROXY"}};

/// The list with the addresses of the container itself.
std::string with_own_addresses(std::string list) {
  for (const std::string_view own : {"localhost", "127.0.0.1", "::1"}) {
    const auto names = split(list, ',');
    const bool listed = std::ranges::any_of(
        names, [&](std::string_view name) { return trim(name) == own || trim(name) == "*"; });
    if (!listed) list.append(list.empty() ? "" : ",").append(own);
  }
  return list;
}

void want(const StepFacts& facts, const char* name, const std::string& value, StepWork& work) {
  if (facts.env_or(name, "") != value) work.env.push_back({name, value});
}

}  // namespace

Result<StepWork> plan_proxy(const Value& settings, const StepFacts& facts) {
  StepWork work;
  bool any = false;
  for (const ProxyNames& names : kProxies) {
    const std::string set = settings.get_string(names.setting);
    if (set.find_first_of("\r\n") != std::string::npos)
      return fail("cannot use " + std::string(names.setting) + ": it holds a line break");
    const std::string lower =
        !set.empty() ? set : facts.env_or(names.lower, facts.env_or(names.upper, ""));
    const std::string upper = !set.empty() ? set : facts.env_or(names.upper, lower);
    if (lower.empty()) continue;
    any = true;
    want(facts, names.lower, lower, work);
    want(facts, names.upper, upper, work);
  }
  if (!any) return StepWork::skip_unused("no proxy is set");
  std::string none = settings.get_string("no_proxy");
  if (none.empty()) none = facts.env_or("no_proxy", facts.env_or("NO_PROXY", ""));
  none = with_own_addresses(none);
  want(facts, "no_proxy", none, work);
  want(facts, "NO_PROXY", none, work);
  return work;
}

}  // namespace bootsman
