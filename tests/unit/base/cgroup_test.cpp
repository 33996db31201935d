#include "base/cgroup.h"

#include <doctest/doctest.h>

using namespace bootsman;

namespace {

struct Row {
  const char* name;
  const char* cgroup;
  const char* mountinfo;
  const char* folder;  ///< Empty: none is found.
  bool v2;
};

constexpr const char* kV1 =
    "30 25 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs rw,mode=755\n"
    "31 30 0:27 / /sys/fs/cgroup/cpu rw,nosuid shared:9 - cgroup cgroup rw,cpu\n"
    "36 30 0:32 / /sys/fs/cgroup/memory rw shared:14 - cgroup cgroup rw,memory\n"
    "39 30 0:35 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
constexpr const char* kV2 = "30 25 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw\n";

const Row kRows[] = {
    {"version 2 in its own namespace", "0::/\n", kV2, "/sys/fs/cgroup", true},
    {"version 2 below the root of the machine", "0::/system.slice/box.scope\n", kV2,
     "/sys/fs/cgroup/system.slice/box.scope", true},
    {"hybrid: memory is in version 1", "4:memory:/box/a\n1:cpu:/\n0::/x\n", kV1,
     "/sys/fs/cgroup/memory/box/a", false},
    {"memory beside another controller", "4:cpuset,memory:/a\n",
     "36 30 0:32 / /cg/m rw - cgroup cgroup rw,cpuset,memory\n", "/cg/m/a", false},
    {"a runtime mounts only the container's group", "4:memory:/docker/1f\n",
     "36 30 0:32 /docker/1f /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
     "/sys/fs/cgroup/memory", false},
    {"a group below the one that is mounted", "4:memory:/docker/1f/inner\n",
     "36 30 0:32 /docker/1f /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
     "/sys/fs/cgroup/memory/inner", false},
    {"a sibling with the same beginning is not below", "4:memory:/docker/1ff\n",
     "36 30 0:32 /docker/1f /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
     "/sys/fs/cgroup/memory", false},
    {"a path out of the namespace", "0::/../../other\n", kV2, "/sys/fs/cgroup", true},
    {"a mount point with a space", "0::/a\n", "30 25 0:26 / /my\\040cg ro - cgroup2 c rw\n",
     "/my cg/a", true},
    {"nothing is mounted", "0::/\n", "21 1 0:5 / /proc rw - proc proc rw\n", "", false},
    {"memory in version 1, of which only version 2 is mounted", "4:memory:/\n0::/\n", kV2, "",
     false},
    {"cut and empty lines", "\n4:memory\n:\n", "x\n - \n1 2 3 - cgroup2\n", "", false},
    {"empty texts", "", "", "", false},
};

}  // namespace

TEST_CASE("the memory control group is found") {
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    const auto found = find_memory_cgroup(row.cgroup, parse_mountinfo(row.mountinfo));
    CHECK(found.has_value() == (*row.folder != '\0'));
    if (!found) continue;
    CHECK(found->folder == row.folder);
    CHECK(found->v2 == row.v2);
  }
}

TEST_CASE("files of both versions") {
  CHECK(MemoryCgroup{"/c", true}.events_file() == "/c/memory.events");
  CHECK(MemoryCgroup{"/c", false}.events_file() == "/c/memory.oom_control");
  CHECK(MemoryCgroup{"/c", true}.limit_file() == "/c/memory.max");
  CHECK(MemoryCgroup{"/c", false}.limit_file() == "/c/memory.limit_in_bytes");
}

TEST_CASE("kills for lack of memory are counted") {
  CHECK(oom_kills("low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 1\n") == 2U);
  CHECK(oom_kills("oom_kill_disable 0\nunder_oom 0\noom_kill 7\n") == 7U);
  CHECK_FALSE(oom_kills("oom_kill_disable 0\nunder_oom 0\n").has_value());
  CHECK_FALSE(oom_kills("oom_kill many\n").has_value());
  CHECK_FALSE(oom_kills("").has_value());
}

TEST_CASE("limits in both versions") {
  CHECK(memory_limit("8589934592\n") == 8589934592U);
  CHECK_FALSE(memory_limit("max\n").has_value());
  CHECK_FALSE(memory_limit("9223372036854771712\n").has_value());
  CHECK_FALSE(memory_limit("").has_value());
}
