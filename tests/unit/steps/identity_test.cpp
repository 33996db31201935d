#include "steps/identity.h"

#include <doctest/doctest.h>

TEST_CASE("a container is known by its pod, else by its id, else by its name") {
  const std::string id(64, 'a');
  const std::string uid = "0f1e2d3c-1111-2222-3333-444455556666";
  struct Row {
    std::string name;
    std::string mountinfo;
    std::string cgroup;
    std::string want;
  };
  const Row rows[] = {
      {"a pod, by the file that the kubelet binds",
       "1 0 8:1 /var/lib/kubelet/pods/" + uid + "/etc-hosts /etc/hosts rw - ext4 /dev/sda rw\n",
       "0::/\n", "pod:" + uid},
      {"a pod, by a cgroup of systemd", "",
       "0::/kubepods.slice/kubepods-pod0f1e2d3c_1111_2222_3333_444455556666.slice/cri-" + id,
       "pod:" + uid},
      {"a pod, by a plain cgroup", "", "4:memory:/kubepods/besteffort/pod" + uid + "/" + id,
       "pod:" + uid},
      {"Docker binds its own files",
       "1 0 8:1 /docker/containers/" + id + "/hosts /etc/hosts rw - ext4 /dev/sda rw\n", "0::/\n",
       "container:" + id},
      {"another container's volume says nothing",
       "1 0 8:1 /docker/volumes/" + id + " /data rw - ext4 /dev/sda rw\n", "0::/\n", "host:box"},
      {"Docker with cgroup v1", "", "3:cpu:/docker/" + id + "\n", "container:" + id},
      {"nothing known", "", "0::/\n", "host:box"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(bootsman::container_identity(row.mountinfo, row.cgroup, "box\n") == row.want);
  }
}
