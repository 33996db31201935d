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
  CHECK(all[0] == MountEntry{22, "0:21", "/", "/proc", "proc", "proc", "rw"});
  const auto here = mounts_on(kTable, "/work dir");
  REQUIRE(here.size() == 2);
  CHECK(here[0].source == "bootsman-bare");
  CHECK(here[1] == MountEntry{91, "0:51", "/sub", "/work dir", "fuse.s3fs", "s3fs", "rw,user_id=0"});
  CHECK(mounts_on(kTable, "/work").empty());
  CHECK(parse_mountinfo("").empty());
}

TEST_CASE("a path lies on the mount nearest to it, the last one where there are several") {
  constexpr const char* kTable =
      "1 0 0:20 / / rw - overlay overlay rw\n"
      "2 1 0:21 / /data rw - ext4 /dev/sda rw\n"
      "3 1 0:22 / /data rw - fuse.s3fs s3fs rw\n"
      "4 3 0:23 / /data/fast rw - tmpfs tmpfs rw\n";
  const auto mounts = parse_mountinfo(kTable);
  const auto type_at = [&](std::string_view path) { return mount_of(mounts, path)->type; };
  CHECK(type_at("/") == "overlay");
  CHECK(type_at("/database") == "overlay");
  CHECK(type_at("/data") == "fuse.s3fs");
  CHECK(type_at("/data/x/y") == "fuse.s3fs");
  CHECK(type_at("/data/fast/x") == "tmpfs");
  CHECK(type_at("/data/faster") == "fuse.s3fs");
  CHECK(mount_of({}, "/data") == nullptr);
}

TEST_CASE("file systems that a network or a process serves are known by their types") {
  for (const char* type : {"fuse.s3fs", "fuse", "fuseblk", "nfs", "nfs4", "cifs", "9p", "autofs"})
    CHECK_MESSAGE(is_served(type), type);
  for (const char* type : {"overlay", "ext4", "xfs", "tmpfs", "proc", "nfsd", "fusectl", "cgroup2"})
    CHECK_MESSAGE(!is_served(type), type);
}
