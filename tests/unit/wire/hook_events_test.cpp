#include "wire/hook_events.h"

#include <doctest/doctest.h>

namespace bootsman {

TEST_CASE("which events hooks are told of") {
  struct Row {
    const char* what;
    const char* type;
    const char* unit;
    const char* from;
    const char* to;
    const char* name;
  };
  static const Row rows[] = {
      {"a failure for good", "state", "service.web", "backoff", "failed", "failed"},
      {"a step's failure", "state", "step.ssh", "running", "failed", "failed"},
      {"a mount's failure", "state", "mount.work", "starting", "failed", "failed"},
      {"a health check", "unhealthy", "service.web", "", "", "unhealthy"},
      {"no more so", "healthy", "service.web", "", "", ""},
      {"a process killed for lack of memory", "out-of-memory", "", "", "", "out-of-memory"},
      {"a mount that does not answer", "unhealthy", "mount.work", "", "", "mount-lost"},
      {"a mount whose process ended", "state", "mount.work", "ready", "backoff", "mount-lost"},
      {"a mount that was never there", "state", "mount.work", "starting", "backoff", ""},
      {"a mount that is stopped", "state", "mount.work", "ready", "stopping", ""},
      {"a service that is restarted", "state", "service.web", "ready", "backoff", ""},
      {"the end of the boot", "boot-done", "", "", "", ""},
      {"a command", "command", "", "", "", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    EventRecord event;
    event.type = row.type;
    event.unit = row.unit;
    event.from = row.from;
    event.to = row.to;
    CHECK(hook_name(event) == row.name);
  }
}

}  // namespace bootsman
