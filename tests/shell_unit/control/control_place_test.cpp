#include "shell/control_place.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "shell_unit/helper/folder.h"

namespace bootsman {

namespace {

mode_t mode_of(const std::string& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0 ? found.st_mode : 0;
}

std::string paths(const std::vector<std::uint32_t>& uids) {
  std::string text;
  for (const auto& place : control_places(uids)) {
    text += place.path + (place.private_folder ? " private;" : ";");
  }
  return text;
}

struct Variable {
  Variable(const char* of, const char* value) : name(of) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name); }
  const char* name;
};

}  // namespace

TEST_CASE("places of the control socket") {
  ::unsetenv("XDG_RUNTIME_DIR");
  ::unsetenv("BOOTSMAN_SOCKET");
  CHECK(paths({5}) == "/run/bootsman/control.sock;/tmp/bootsman-5/control.sock private;");
  CHECK(paths({5, 0}) ==
        "/run/bootsman/control.sock;/tmp/bootsman-5/control.sock private;"
        "/tmp/bootsman-0/control.sock private;");
  CHECK(paths({5, 5}) == paths({5}));
  const Variable folder("XDG_RUNTIME_DIR", "/r");
  CHECK(paths({5}) ==
        "/run/bootsman/control.sock;/r/bootsman/control.sock private;"
        "/tmp/bootsman-5/control.sock private;");
  const Variable named("BOOTSMAN_SOCKET", "/a/b");
  CHECK(paths({5, 0}) == "/a/b;");
}

TEST_CASE("the socket is its owner's from the start, and goes with its object") {
  const test::Folder folder;
  const auto path = folder / "private/control.sock";
  {
    const auto before = ::umask(0);
    auto socket = ControlSocket::open({{path, true}});
    CHECK(::umask(before) == 0);
    REQUIRE(socket);
    CHECK(socket->path() == path);
    CHECK(mode_of(path) == (S_IFSOCK | 0600));
    CHECK(mode_of(folder / "private") == (S_IFDIR | 0700));
    const auto client = connect_local(path);
    REQUIRE(client);
    const auto listener = listener_of(client->get());
    REQUIRE(listener);
    CHECK(listener->uid == ::geteuid());
    CHECK(listener->pid == ::getpid());
  }
  CHECK(mode_of(path) == 0);
}

TEST_CASE("a socket that nobody listens on is replaced, another is not") {
  const test::Folder folder;
  const auto path = folder / "control.sock";
  auto first = ControlSocket::open({{path, false}});
  REQUIRE(first);
  const auto beside = ControlSocket::open({{path, false}});
  REQUIRE(!beside);
  CHECK(beside.error().message() == "cannot use " + path + ": another process listens there");
  first->take().reset();  // As after a kill -9: the file stays.
  const auto second = ControlSocket::open({{path, false}});
  CHECK(second.has_value());
}

TEST_CASE("a file that another made since is not removed") {
  const test::Folder folder;
  const auto path = folder / "control.sock";
  {
    const auto socket = ControlSocket::open({{path, false}});
    REQUIRE(socket);
    ::unlink(path.c_str());
    std::ofstream(path) << "mine";
  }
  CHECK(S_ISREG(mode_of(path)));
}

TEST_CASE("places that can't be used are passed over, each with its reason") {
  const test::Folder folder;
  std::ofstream(folder / "file") << "text";
  ::mkdir((folder / "open").c_str(), 0755);
  ::symlink(folder.path.c_str(), (folder / "link").c_str());
  const std::vector<ControlPlace> bad{{folder / "file", false},
                                      {folder / "no/such/folder/x", false},
                                      {folder / std::string(200, 'x'), false},
                                      {folder / "open/x", true},
                                      {folder / "link/x", true}};
  const auto none = ControlSocket::open(bad);
  REQUIRE(!none);
  for (const std::string part :
       {"file: it is not a socket", "cannot make the folder", "the path is too long",
        "open: it is not this user's alone", "link: it is not this user's alone"}) {
    CAPTURE(part);
    CHECK(none.error().message().find(part) != std::string::npos);
  }
  auto places = bad;
  places.push_back({folder / "good", false});
  const auto found = ControlSocket::open(places);
  REQUIRE(found);
  CHECK(found->path() == folder / "good");
}

}  // namespace bootsman
