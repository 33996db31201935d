#include "config/model.h"

namespace bootsman {

bool Settings::any_below(std::string_view prefix) const {
  const std::string start = std::string(prefix) + ".";
  const auto found = settings_.lower_bound(start);
  return found != settings_.end() && found->first.starts_with(start);
}

std::string UnitConfig::id() const {
  if (kind == ConfigKind::Job) return "job";
  return std::string(to_text(kind)) + "." + name;
}

std::string_view to_text(ConfigKind kind) {
  switch (kind) {
    case ConfigKind::Step:
      return "step";
    case ConfigKind::Mount:
      return "mount";
    case ConfigKind::Service:
      return "service";
    case ConfigKind::Job:
      return "job";
  }
  return "";
}

std::vector<std::string> secret_names(const Settings& top) {
  if (const auto* names = top.get<std::vector<std::string>>("secrets.names")) return *names;
  return {"SECRET_KEY", "ROOT_PASSWORD", "JUPYTER_TOKEN"};
}

}  // namespace bootsman
