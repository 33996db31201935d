#include "lib/golden.h"
#include "steps/jupyter_config.h"
#include "unit/steps/world.h"

using namespace bootsman;
using namespace bootsman::test;

namespace {

constexpr const char* kConfig = "/init/jupyter/jupyter_config.py";
constexpr const char* kToken = "/var/lib/bootsman/jupyter-token";
constexpr const char* kTheme =
    "/root/.jupyter/lab/user-settings/@jupyterlab/terminal-extension/plugin.jupyterlab-settings";
constexpr const char* kLocale =
    "/root/.jupyter/lab/user-settings/@jupyterlab/translation-extension/"
    "plugin.jupyterlab-settings";

/// What workspace images bring, with what the old init script appended at two first boots.
constexpr const char* kOld =
    "c.ServerApp.ip = '0.0.0.0'\nc.ServerApp.port = 8888\nc.NotebookApp.open_browser = False\n\n"
    "# 0.5.1版本前创建的容器还使用/ 作为root dir\nimport os\nc.ServerApp.root_dir = \"/root\"\n"
    "c.MultiKernelManager.default_kernel_name = 'python3'\n"
    "c.NotebookNotary.db_file = ':memory:'\nc.ServerApp.tornado_settings = {\n    'headers': {\n"
    "        'Content-Security-Policy': \"frame-ancestors * 'self' \"\n    }\n}\n"
    "c.NotebookApp.allow_remote_access = True\nc.NotebookApp.base_url='/jupyter/'\n"
    "c.NotebookApp.allow_origin='*'\n\nc.ServerApp.allow_remote_access = True\n"
    "c.ServerApp.base_url='/jupyter/'\nc.ServerApp.allow_origin='*'\n"
    "\nc.NotebookApp.allow_remote_access = True\n"
    "c.NotebookApp.iopub_data_rate_limit = 1000000.0\nc.NotebookApp.rate_limit_window = 3.0\n"
    "\nc.NotebookApp.allow_remote_access = True\n"
    "c.NotebookApp.iopub_data_rate_limit = 1000000.0\nc.NotebookApp.rate_limit_window = 3.0\n";

}  // namespace

TEST_CASE("settings, configuration and token are made, in the same bytes each time") {
  BootWorld world;
  world.start("jupyter");
  CHECK(world.text(kTheme) == "{\"theme\": \"dark\"}\n");
  CHECK(world.text(kLocale) == "{\"locale\": \"zh_CN\"}\n");
  const std::string config = world.text(kConfig);
  CHECK(config == golden("unit/steps/golden/jupyter_config.py", config));
  CHECK(world.look(kToken).mode == 0600);
  CHECK(world.text(kToken).size() == 49);
  check_idempotent(world, "jupyter");
}

TEST_CASE("an image's configuration gets only what it lacks, in one block at its end") {
  BootWorld world;
  world.file(kConfig, kOld);
  world.start("jupyter");
  const std::string config = world.text(kConfig);
  CHECK(config.starts_with(kOld));
  CHECK(config == golden("unit/steps/golden/jupyter_config_old.py", config));
  check_idempotent(world, "jupyter");
}

TEST_CASE("a key counts as set in whatever form the author wrote it") {
  JupyterWants wants{"0.0.0.0", 8888, "/jupyter/", "/root", ""};
  struct Row {
    std::string name;
    const char* config;
    const char* lacks;   ///< Must not be in the result.
    const char* brings;  ///< Must be.
  };
  const Row rows[] = {
      {"spaces", "c.ServerApp.port    =   1\n", "ServerApp.port", "ServerApp.ip"},
      {"indented in an if", "if True:\n    c.ServerApp.port = 1\n", "ServerApp.port",
       "ServerApp.ip"},
      {"line ends of Windows", "c.ServerApp.port = 1\r\n", "ServerApp.port", "ServerApp.ip"},
      {"no line end at the end", "c.ServerApp.port = 1", "ServerApp.port", "ServerApp.ip"},
      {"commented out is not set", "# c.ServerApp.port = 1\n", "nothing", "ServerApp.port = 8888"},
      {"a comparison in a string is not set", "x = 'c.ServerApp.port = 1'\n", "nothing",
       "ServerApp.port = 8888"},
      {"item by item", "c.ServerApp.tornado_settings['headers'] = {}\n", "tornado_settings",
       "ServerApp.ip"},
      {"by update", "c.ServerApp.tornado_settings.update({})\n", "tornado_settings",
       "ServerApp.ip"},
      {"two on a line", "c.ServerApp.ip = ''; c.ServerApp.port = 1\n", "ServerApp.port",
       "ServerApp.base_url"},
      {"NotebookApp's value is handed on", "c.NotebookApp.base_url = '/x/'\n", "'/jupyter/'",
       "c.ServerApp.base_url = c.NotebookApp.base_url\n"},
      {"notebook_dir is the old name of root_dir", "c.NotebookApp.notebook_dir = '/w'\n", "'/root'",
       "c.ServerApp.root_dir = c.NotebookApp.notebook_dir\n"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const std::string text = jupyter_lacking_keys(row.config, wants);
    CHECK(text.find(row.lacks) == std::string::npos);
    CHECK(text.find(row.brings) != std::string::npos);
  }
}

TEST_CASE("the token: given, kept, new for a new container, the author's own") {
  BootWorld world;
  world.start("jupyter");
  const std::string first = world.text(kToken);
  world.facts.random = std::string(64, '\x11');

  SUBCASE("a restart keeps it") {
    world.start("jupyter");
    CHECK(world.text(kToken) == first);
  }
  SUBCASE("an image saved from it and started elsewhere gets another") {
    world.facts.identity = "container:b";
    world.start("jupyter");
    CHECK(world.text(kToken) != first);
  }
  SUBCASE("a kill before the record was written keeps it") {
    world.records.clear();
    world.start("jupyter");
    CHECK(world.text(kToken) == first);
  }
  SUBCASE("JUPYTER_TOKEN wins, and may be forgotten") {
    world.facts.secrets["JUPYTER_TOKEN"] = "mine";
    const StepWork work = world.start("jupyter");
    CHECK(world.text(kToken) == "mine\n");
    CHECK(work.wipe == std::vector<std::string>{"JUPYTER_TOKEN"});
  }
  SUBCASE("an empty JUPYTER_TOKEN does not open the door") {
    world.facts.secrets["JUPYTER_TOKEN"] = "";
    world.start("jupyter");
    CHECK(world.text(kToken) == first);
  }
  SUBCASE("the author's own login is left alone") {
    BootWorld own;
    own.file(kConfig, "c.ServerApp.password = 'argon2:x'\n");
    own.start("jupyter");
    CHECK(!own.entries.contains(kToken));
    CHECK(own.text(kConfig).find("token") == std::string::npos);
  }
}

TEST_CASE("the token is in no file but its own") {
  BootWorld world;
  world.facts.secrets["JUPYTER_TOKEN"] = "very-secret";
  const StepWork work = world.start("jupyter");
  for (const auto& [path, entry] : world.entries)
    if (path != kToken) CHECK(entry.text.find("very-secret") == std::string::npos);
  for (const std::string& note : work.notes) CHECK(note.find("very-secret") == std::string::npos);
}

TEST_CASE("user settings that somebody chose stay") {
  BootWorld world;
  world.file(kTheme, "{\"theme\": \"light\"}");
  world.start("jupyter");
  CHECK(world.text(kTheme) == "{\"theme\": \"light\"}");
  CHECK(world.text(kLocale) == "{\"locale\": \"zh_CN\"}\n");
}

TEST_CASE("text in a Python string stays text") {
  CHECK(python_quote("a'b\\c\nd") == "'a\\'b\\\\c\\nd'");
}

TEST_CASE("a password takes the place of the token") {
  BootWorld world;
  const Value with = settings({{"password", "argon2:$argon2id$x'y"}});
  world.start("jupyter", with);
  const std::string config = world.text(kConfig);
  CHECK(config.find("c.PasswordIdentityProvider.hashed_password = 'argon2:$argon2id$x\\'y'\n") !=
        std::string::npos);
  CHECK(config.find("token") == std::string::npos);
  CHECK(!world.entries.contains(kToken));
  check_idempotent(world, "jupyter", with);
}

TEST_CASE("a server that another user runs can read its token") {
  BootWorld world;
  world.file("/etc/passwd", "alice:x:1101:100::/people/alice:/bin/sh\n");
  const auto work = world.plan("jupyter", settings({{"user", "alice"}}));
  REQUIRE(work);
  bool seen = false;
  for (const Change& change : work->changes)
    if (const auto* write = std::get_if<WriteFile>(&change); write && write->path == kToken) {
      seen = true;
      REQUIRE(write->owner);
      CHECK(write->owner->uid == 1101);
      CHECK(write->mode == 0600);
    }
  CHECK(seen);
  CHECK(!world.plan("jupyter", settings({{"user", "nobody-here"}})));
}

TEST_CASE("settings of another user lie in that user's home, folders and all") {
  BootWorld world;
  world.file("/etc/passwd", "alice:x:1101:100::/people/alice:/bin/sh\n").folder_("/people/alice");
  const Value with = settings({{"user", "alice"}});
  const auto work = world.plan("jupyter", with);
  REQUIRE(work);
  std::vector<std::string> owned;
  for (const Change& change : work->changes)
    if (const auto* folder = std::get_if<MakeDirectory>(&change); folder && folder->owner)
      owned.push_back(folder->path);
  REQUIRE(owned.size() >= 5);
  CHECK(owned[0] == "/people/alice/.jupyter");
  CHECK(owned[4] == "/people/alice/.jupyter/lab/user-settings/@jupyterlab/terminal-extension");
  world.start("jupyter", with);
  check_idempotent(world, "jupyter", with);
  CHECK(!world.entries.contains(kTheme));

  SUBCASE("who is led elsewhere by a link is refused") {
    BootWorld linked;
    linked.file("/etc/passwd", "alice:x:1101:100::/people/alice:/bin/sh\n")
        .folder_("/people/alice")
        .link("/people/alice/.jupyter", "/etc");
    const auto refused = linked.plan("jupyter", with);
    REQUIRE(!refused);
    CHECK(refused.error().message() ==
          "cannot write into /people/alice/.jupyter: it is a symbolic link of its user");
  }
}

TEST_CASE("defaults for everybody: only what overrides.json lacks is added") {
  constexpr const char* kPath = "/opt/lab/share/jupyter/lab/settings/overrides.json";
  Value table{Value::Object{}};
  table.set("@jupyterlab/apputils-extension:themes",
            R"({"theme": "JupyterLab Dark", "theme-scrollbars": true})");
  struct Row {
    std::string name;
    const char* before;  ///< nullptr: no file.
    const char* after;
  };
  const Row rows[] = {
      {"no file yet", nullptr,
       R"({"@jupyterlab/apputils-extension:themes":{"theme":"JupyterLab Dark","theme-scrollbars":true}})"
       "\n"},
      {"the author's value stays, and what belongs to others",
       R"({"a:b":{"x":[1,2]},"@jupyterlab/apputils-extension:themes":{"theme":"Light"}})",
       R"({"a:b":{"x":[1,2]},"@jupyterlab/apputils-extension:themes":{"theme":"Light","theme-scrollbars":true}})"
       "\n"},
      {"nothing lacks: not even blanks change",
       R"({ "@jupyterlab/apputils-extension:themes": {"theme": "x", "theme-scrollbars": false} })",
       R"({ "@jupyterlab/apputils-extension:themes": {"theme": "x", "theme-scrollbars": false} })"},
      {"what is no JSON is kept", "// mine\n{}", "// mine\n{}"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    BootWorld world;
    world.program("/opt/lab/bin/jupyter-lab")
        .link("/usr/bin/jupyter-lab", "/opt/lab/bin/jupyter-lab");
    if (row.before != nullptr) world.file(kPath, row.before);
    const Value with = settings({{"overrides", table}});
    world.start("jupyter", with);
    CHECK(world.text(kPath) == row.after);
    check_idempotent(world, "jupyter", with);
  }
}

TEST_CASE("overrides that are no JSON object are an error that names the plugin") {
  BootWorld world;
  Value table{Value::Object{}};
  table.set("a:b", "[1]");
  const auto work =
      world.plan("jupyter", settings({{"overrides", table}, {"lab_dir", "/opt/lab"}}));
  REQUIRE(!work);
  CHECK(work.error().message() == "cannot use overrides of a:b: it is no JSON object");
}
