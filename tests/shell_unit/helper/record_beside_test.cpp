#include <doctest/doctest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/json.h"
#include "helper/record.h"
#include "lib/skip.h"
#include "shell_unit/helper/step_start.h"
#include "sys/file.h"

using namespace bootsman;
using test::Folder;
using test::Start;

namespace {

/// A folder that is a file system of its own while this lives: a volume.
class Volume {
 public:
  explicit Volume(std::string path) : path_(std::move(path)) {
    (void)make_directories(path_);
    mounted_ = ::mount("none", path_.c_str(), "tmpfs", 0, "size=1m") == 0;
  }
  Volume(const Volume&) = delete;
  Volume& operator=(const Volume&) = delete;
  ~Volume() {
    if (mounted_) ::umount(path_.c_str());
  }
  bool mounted() const { return mounted_; }

 private:
  std::string path_;
  bool mounted_ = false;
};

/// A test in a folder whose `home` is a volume.
void on_a_volume(void (*test)(const Folder& folder)) {
  const Folder folder;
  const Volume volume(folder / "home");
  if (!volume.mounted()) return bootsman::test::skip("may not mount");
  test(folder);
}

Value pip_on(const Folder& folder) {
  Value settings;
  settings.set("file", folder / "home/pip.conf");
  return settings;
}

std::string text_of(const std::string& path) {
  return read_file(path).value_or("(missing)");
}

}  // namespace

TEST_CASE("what lies on a volume is recorded on the volume") {
  on_a_volume([](const Folder& folder) {
    Start start(folder);
    const std::string file = folder / "home/pip.conf";
    const std::string beside = folder / "home/.bootsman/record.json";
    REQUIRE(start.run("pip", pip_on(folder), "once") == "changed");
    const std::string written = text_of(file);
    CHECK(text_of(beside).find(file) != std::string::npos);
    CHECK(stat_file(folder / "home/.bootsman").mode == 0700);
    CHECK(stat_file(beside).mode == 0600);
    CHECK(start.run("pip", pip_on(folder), "once") == "unchanged");
    CHECK(start.why() == "done before in this container");

    SUBCASE("a fresh container keeps what the user changed there") {
      REQUIRE(write_file(file, written + "# and mine\n"));
      REQUIRE(remove_folder(folder / "state"));
      REQUIRE(remove_file(folder / "flag"));
      CHECK(start.run("pip", pip_on(folder), "once") == "unchanged");
      CHECK(start.why() != "done before in this container");
      CHECK(text_of(file) == written + "# and mine\n");
    }
    SUBCASE("a fresh container brings what nobody changed up to date") {
      REQUIRE(remove_folder(folder / "state"));
      REQUIRE(remove_file(folder / "flag"));
      Value settings = pip_on(folder);
      settings.set("index_url", "https://pypi.example/simple");
      CHECK(start.run("pip", settings, "once") == "changed");
      CHECK(text_of(file).find("pypi.example") != std::string::npos);
    }
    SUBCASE("a new volume is not passed over by a container that was here before") {
      const Volume other(folder / "home");
      REQUIRE(other.mounted());
      REQUIRE(text_of(file) == "(missing)");
      CHECK(start.run("pip", pip_on(folder), "once") == "changed");
      CHECK(text_of(file) == written);
    }
    SUBCASE("a new volume with a file of its user keeps that") {
      const Volume other(folder / "home");
      REQUIRE(other.mounted());
      REQUIRE(write_file(file, "[global]\n"));
      CHECK(start.run("pip", pip_on(folder), "once") == "unchanged");
      CHECK(text_of(file) == "[global]\n");
    }
    SUBCASE("a volume that another container set up is taken as it is") {
      const Volume other(folder / "home");
      REQUIRE(other.mounted());
      const Folder elsewhere;
      Start stranger(folder);
      stranger.facts.state_folder = elsewhere / "state";
      REQUIRE(stranger.run("pip", pip_on(folder), "once") == "changed");
      CHECK(start.run("pip", pip_on(folder), "once") == "unchanged");
      CHECK(text_of(file) == written);
    }
  });
}

TEST_CASE("a volume that can't hold a record: our own is kept instead") {
  on_a_volume([](const Folder& folder) {
    Start start(folder);
    SUBCASE("its folder is somebody's link") {
      REQUIRE(make_directories(folder / "trap"));
      REQUIRE(replace_link(folder / "home/.bootsman", folder / "trap"));
    }
    SUBCASE("its folder belongs to another user") {
      REQUIRE(make_directories(folder / "home/.bootsman"));
      if (::chown((folder / "home/.bootsman").c_str(), 1101, 1101) != 0)
        return test::skip("may not give a folder to another user");
    }
    CHECK(start.run("pip", pip_on(folder), "once") == "changed");
    CHECK(list_directory(folder / "home/.bootsman").empty());
    CHECK(text_of(folder / "state/record.json").find("home/pip.conf") != std::string::npos);
    CHECK(start.run("pip", pip_on(folder), "once") == "unchanged");
    CHECK(start.why() == "done before in this container");
  });
}

TEST_CASE("the record's folder is the highest of the target's file system") {
  on_a_volume([](const Folder& folder) {
    struct Row {
      std::string name;
      std::string path;
      std::string expected;
    };
    const Row rows[] = {
        {"in its root", folder / "home/x", folder / "home/.bootsman"},
        {"below folders that are not there yet", folder / "home/a/b/c", folder / "home/.bootsman"},
        {"on the state folder's file system", folder / "x", ""},
        {"the mount point itself", folder / "home", ""},
        {"no whole path", "x", ""},
    };
    for (const Row& row : rows) {
      INFO(row.name);
      CHECK(record_folder_beside(row.path, folder / "state/not/made") == row.expected);
    }
  });
}
