#include "shell/load_config.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/command_line.h"

using namespace bootsman;
namespace fs = std::filesystem;

// The pure plan writes these numbers down, for it may not include system headers.
static_assert(RLIMIT_FSIZE == 1 && RLIMIT_DATA == 2 && RLIMIT_STACK == 3 && RLIMIT_CORE == 4);
static_assert(RLIMIT_NPROC == 6 && RLIMIT_NOFILE == 7 && RLIMIT_MEMLOCK == 8 && RLIMIT_AS == 9);

namespace {

constexpr const char* kGood = "extends = \"empty\"\n[service.a]\ncommand = [\"x\"]\n";

/// A folder with a main file's place and a conf.d, gone at the end.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "bootsman-config-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    root_ = name;
    fs::create_directory(root_ / "conf.d");
  }
  ~Folder() { fs::remove_all(root_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path(const std::string& name) const { return (root_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  ConfigRequest request() const {
    ConfigRequest request;
    request.default_path = path("bootsman.toml");
    request.folder = path("conf.d");
    return request;
  }

 private:
  fs::path root_;
};

std::string all_lines(const LoadedConfig& loaded) {
  std::string text;
  for (const std::string& line : loaded.lines()) text += line + "\n";
  return text;
}

}  // namespace

TEST_CASE("files are merged in the order of their names, others are left alone") {
  const Folder folder;
  folder.write("bootsman.toml", kGood);
  folder.write("conf.d/20-b.toml", "[service.a]\ncommand = [\"from b\"]\n");
  folder.write("conf.d/10-a.toml", "[service.a]\ncommand = [\"from a\"]\ndirectory = \"/a\"\n");
  folder.write("conf.d/.hidden.toml", "broken");
  folder.write("conf.d/backup.toml~", "broken");
  const LoadedConfig loaded = load_configuration(folder.request(), {});
  CHECK(all_lines(loaded) == "");
  REQUIRE(loaded.plan.units.size() == 1);
  CHECK(loaded.plan.units[0].launch.argv.at(0) == "from b");
  CHECK(loaded.plan.units[0].launch.directory == "/a");
  CHECK(loaded.files == std::vector<std::string>{"preset empty", folder.path("bootsman.toml"),
                                                 folder.path("conf.d/10-a.toml"),
                                                 folder.path("conf.d/20-b.toml")});
}

TEST_CASE("the main file is the one asked for, else $BOOTSMAN_CONFIG, else the usual one") {
  const Folder folder;
  folder.write("bootsman.toml", "extends = \"empty\"\n");
  const std::string other = folder.write("other.toml", "extends = \"empty\"\n");
  const std::string third = folder.write("third.toml", "extends = \"empty\"\n");
  ConfigRequest request = folder.request();
  CHECK(load_configuration(request, {}).files.back() == folder.path("bootsman.toml"));
  CHECK(load_configuration(request, {{"BOOTSMAN_CONFIG", ""}}).files.back() ==
        folder.path("bootsman.toml"));
  CHECK(load_configuration(request, {{"BOOTSMAN_CONFIG", other}}).files.back() == other);
  request.path = third;
  CHECK(load_configuration(request, {{"BOOTSMAN_CONFIG", other}}).files.back() == third);
}

TEST_CASE("without any file the preset workspace is the configuration") {
  const Folder folder;
  ConfigRequest request = folder.request();
  fs::remove(folder.path("conf.d"));
  const LoadedConfig loaded = load_configuration(request, {});
  CHECK(all_lines(loaded) == "");
  CHECK(loaded.plan.find("service.jupyterlab").has_value());
}

TEST_CASE("a file that cannot be read is an error, never passed over") {
  const Folder folder;
  struct Row {
    const char* name;
    std::string path;
    const char* why;
  };
  const std::string fifo = folder.path("fifo");
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const Row rows[] = {
      {"missing", folder.path("missing"), "No such file or directory"},
      {"a directory", folder.path("conf.d"), "it is a directory"},
      {"a FIFO, which nobody writes", fifo, "it is not a regular file"},
      {"too large", folder.write("large", std::string(2 << 20, '#')), "it is larger than 1 MiB"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    ConfigRequest request = folder.request();
    request.path = row.path;
    const LoadedConfig loaded = load_configuration(request, {});
    CHECK(!loaded.ok());
    CHECK(all_lines(loaded) == "error: cannot read " + row.path + ": " + row.why + "\n");
  }
}

TEST_CASE("values come from files, accounts and addresses of this machine") {
  const Folder folder;
  folder.write("secret", "hush\n");
  folder.write("bootsman.toml",
               "extends = \"empty\"\n[service.a]\ncommand = [\"${NAME}\"]\n"
               "env = { A = \"${file:" +
                   folder.path("secret") + "}\", B = \"${ip:lo}\" }\nuser = \"0\"\n");
  const Environment env{{"NAME_FILE", folder.path("secret")}};
  const LoadedConfig loaded = load_configuration(folder.request(), env);
  REQUIRE(all_lines(loaded) == "");
  const Launch& launch = loaded.plan.units.at(0).launch;
  CHECK(launch.argv.at(0) == "hush");
  CHECK(launch.env.at(0) == EnvVar{"A", "hush"});
  CHECK(launch.env.at(1) == EnvVar{"B", "127.0.0.1"});
}

TEST_CASE("check tells good, bad and misused apart by its exit code") {
  const Folder folder;
  const std::string good = folder.write("good.toml", kGood);
  const std::string bad = folder.write("bad.toml", "extends = \"empty\"\n[service.a]\n");
  const std::string unset = folder.write(
      "unset.toml", "extends = \"empty\"\n[service.a]\ncommand = [\"${NO_SUCH_V}\"]\n");
  struct Row {
    const char* name;
    std::vector<std::string> arguments;
    int code;
  };
  const Row rows[] = {
      {"a good file", {good}, 0},
      {"a bad file", {bad}, 1},
      {"an unset variable is a warning", {unset}, 0},
      {"with --env it is an error", {"--env", unset}, 1},
      {"a missing file", {folder.path("missing")}, 1},
      {"an unknown option", {"--evn", good}, 2},
      {"two files", {good, good}, 2},
      {"help", {"--help"}, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    std::vector<std::string> words{"check"};
    words.insert(words.end(), row.arguments.begin(), row.arguments.end());
    CHECK(run_command_line(words) == row.code);
  }
}
