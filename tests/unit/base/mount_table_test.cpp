#include "base/mount_table.h"

#include <doctest/doctest.h>

using namespace bootsman;

TEST_CASE("the mount table is read in its order, with escaped names") {
  constexpr const char* kTable =
      "22 28 0:21 / /proc rw,relatime shared:12 - proc proc rw\n"
      "90 28 0:50 / /work\\040dir ro - tmpfs bootsman-bare ro,size=4k\n"
      "91 90 0:51 /sub /work\\040dir rw shared:1 master:2 - fuse.s3fs s3fs rw,user_id=0\n"
      "a line that is none\n"
      "92 28 0:52 / /short\n";
  const auto all = parse_mountinfo(kTable);
  REQUIRE(all.size() == 3);
  CHECK(all[0] == MountEntry{22, "0:21", "/proc", "proc", "proc"});
  const auto here = mounts_on(kTable, "/work dir");
  REQUIRE(here.size() == 2);
  CHECK(here[0].source == "bootsman-bare");
  CHECK(here[1] == MountEntry{91, "0:51", "/work dir", "fuse.s3fs", "s3fs"});
  CHECK(mounts_on(kTable, "/work").empty());
  CHECK(parse_mountinfo("").empty());
}
