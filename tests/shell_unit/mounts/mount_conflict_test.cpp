#include "helper/mount_conflict.h"

#include <doctest/doctest.h>

#include "helper/mount_target.h"

using namespace bootsman;

TEST_CASE("a script that mounts or deletes by itself keeps the init from mounting") {
  struct Row {
    const char* name;
    const char* text;
    const char* why;  // Empty: no conflict.
  };
  static const Row rows[] = {
      {"nothing of the kind", "#!/bin/bash\npython train.py\n", ""},
      {"calls s3fs", "s3fs $bucket:$dir /workdir -o url=x\n", "calls s3fs itself"},
      {"calls it by its path", "  /usr/bin/s3fs a:/b /workdir &\n", "calls s3fs itself"},
      {"behind another command", "echo x && s3fs a:/ /m\n", "calls s3fs itself"},
      {"only in a comment", "# s3fs was here\necho hello # rm -rf /workdir/*\n", ""},
      {"only as a part of a word", "touch /jupyter/.passwd-s3fs\n", ""},
      {"empties the target", "rm -rf /workdir/*\n", "deletes what is below /workdir"},
      {"deletes the target itself", "rm -fr \"/workdir\"\n", "deletes what is below /workdir"},
      {"options apart", "rm -f -r /workdir/a\n", "deletes what is below /workdir"},
      {"long option", "rm --recursive /workdir/a\n", "deletes what is below /workdir"},
      {"deletes another folder", "rm -rf /workdir2/* /tmp/x\n", ""},
      {"deletes one file", "rm /workdir/a\n", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const std::string why = mount_conflict("/workdir", {}, {{"/run.sh", row.text}});
    if (*row.why == '\0')
      CHECK(why == "");
    else
      CHECK(why.starts_with(std::string("/run.sh ") + row.why));
  }
}

TEST_CASE("only a mount of our own may be on the target already") {
  const MountEntry bare{1, "0:1", "/", "/workdir", "tmpfs", kBareSource, "rw"};
  const MountEntry s3fs{2, "0:2", "/", "/workdir", "fuse.s3fs", "s3fs", "rw"};
  CHECK(mount_conflict("/workdir", {}, {}) == "");
  CHECK(mount_conflict("/workdir", {bare}, {}) == "");
  CHECK(mount_conflict("/workdir", {bare, s3fs}, {}) == "");
  CHECK(mount_conflict("/workdir", {s3fs}, {}) == "fuse.s3fs is mounted on /workdir already");
}

TEST_CASE("the files that a command names are found, also within sh -c") {
  using Strings = std::vector<std::string>;
  CHECK(named_files({"/bin/sh", "-c", "/run.sh && bash"}) == Strings{"/bin/sh", "/run.sh"});
  CHECK(named_files({"bash", "/opt/run.sh", "/opt/run.sh"}) == Strings{"/opt/run.sh"});
  CHECK(named_files({"python", "train.py"}).empty());
}
