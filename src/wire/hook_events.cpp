#include "wire/hook_events.h"

namespace bootsman {

std::string_view hook_name(const EventRecord& event) {
  const bool mount = event.unit.starts_with("mount.");
  if (event.type == "out-of-memory") return "out-of-memory";
  if (event.type == "unhealthy") return mount ? "mount-lost" : "unhealthy";
  if (event.type != "state") return "";
  if (event.to == "failed") return "failed";
  return mount && event.from == "ready" && event.to == "backoff" ? "mount-lost" : "";
}

}  // namespace bootsman
