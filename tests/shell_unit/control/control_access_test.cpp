#include "shell/control_access.h"

#include <doctest/doctest.h>

#include <vector>

namespace bootsman {

TEST_CASE("who may do what on the control socket") {
  ControlPlan plan;
  plan.reader_group = 50;
  plan.admin_group = 60;
  struct Row {
    const char* what;
    Peer peer;
    ControlAccess access;
  };
  const std::vector<Row> rows{
      {"root", {0, 0, 1, {}}, ControlAccess::All},
      {"the init's own user", {1101, 1101, 1, {}}, ControlAccess::All},
      {"a stranger", {1200, 1200, 1, {}}, ControlAccess::None},
      {"a stranger in other groups", {1200, 1200, 1, {1, 2, 3}}, ControlAccess::None},
      {"a reader by its own group", {1200, 50, 1, {}}, ControlAccess::Read},
      {"a reader by a further group", {1200, 1200, 1, {7, 50}}, ControlAccess::Read},
      {"an admin", {1200, 1200, 1, {60}}, ControlAccess::All},
      {"who is in both groups", {1200, 50, 1, {60}}, ControlAccess::All},
      {"a client of a TCP port", {}, ControlAccess::None},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(control_access(row.peer, plan, 1101) == row.access);
  }
  CHECK(control_access({1200, 50, 1, {60}}, {}, 1101) == ControlAccess::None);
}

}  // namespace bootsman
