#include "plan/plan.h"

namespace bootsman {

std::string Unit::id() const {
  if (kind == UnitKind::Job) return "job";
  return std::string(to_text(kind)) + "." + name;
}

bool Unit::notifies() const {
  const auto listens = [](const std::optional<CheckPlan>& check) {
    return check && (std::holds_alternative<NotifyProbe>(check->probe) ||
                     std::holds_alternative<WatchdogProbe>(check->probe));
  };
  return listens(ready) || listens(health);
}

bool speaks_by_itself(const Probe& probe) {
  return std::holds_alternative<NotifyProbe>(probe) ||
         std::holds_alternative<NotifyFdProbe>(probe) ||
         std::holds_alternative<WatchdogProbe>(probe);
}

std::optional<UnitIndex> Plan::find(std::string_view id_or_bare_name) const {
  std::optional<UnitIndex> bare;
  bool ambiguous = false;
  for (std::uint32_t i = 0; i < units.size(); ++i) {
    if (units[i].id() == id_or_bare_name) return UnitIndex{i};
    if (units[i].name != id_or_bare_name) continue;
    ambiguous = bare.has_value();
    bare = UnitIndex{i};
  }
  return ambiguous ? std::nullopt : bare;
}

std::optional<UnitIndex> Plan::job() const {
  for (std::uint32_t i = 0; i < units.size(); ++i)
    if (units[i].kind == UnitKind::Job) return UnitIndex{i};
  return std::nullopt;
}

std::string_view to_text(UnitKind kind) {
  switch (kind) {
    case UnitKind::Step:
      return "step";
    case UnitKind::Mount:
      return "mount";
    case UnitKind::Service:
      return "service";
    case UnitKind::Job:
      return "job";
  }
  return "";
}

std::string_view to_text(MountPlan::Type type) {
  switch (type) {
    case MountPlan::Type::S3fs:
      return "s3fs";
    case MountPlan::Type::Nfs:
      return "nfs";
    case MountPlan::Type::Bind:
      return "bind";
    case MountPlan::Type::Tmpfs:
      return "tmpfs";
    case MountPlan::Type::Command:
      return "command";
  }
  return "";
}

std::string_view to_text(OnFailure on_failure) {
  switch (on_failure) {
    case OnFailure::Ignore:
      return "ignore";
    case OnFailure::Unhealthy:
      return "unhealthy";
    case OnFailure::Shutdown:
      return "shutdown";
  }
  return "";
}

}  // namespace bootsman
