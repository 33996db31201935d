#include <doctest/doctest.h>

#include <set>

#include "base/cells.h"
#include "base/text.h"
#include "config/embedded.h"
#include "config/explain.h"
#include "config/keys.h"
#include "config/parse.h"
#include "lib/configs.h"

using namespace bootsman;
using namespace bootsman::tests;

TEST_CASE("docs/config.md is what the table of keys says") {
  // To renew it: bootsman help --reference > docs/config.md
  CHECK(read_source_file("docs/config.md") == reference_page());
}

namespace {

/// It is there, and 80 columns wide; but an example is copied, and stays one line.
void check_explanation(const std::string& key) {
  CAPTURE(key);
  const auto text = explain_key(key);
  REQUIRE(text.has_value());
  for (const std::string_view line : split(*text, '\n'))
    CHECK_MESSAGE(display_width(line) <= 80, std::string(line));
}

}  // namespace

TEST_CASE("every row explains itself") {
  std::set<std::pair<std::string_view, int>> seen;
  for (const Key& key : key_table()) {
    CAPTURE(key.path);
    CHECK(key.doc.ends_with("."));
    CHECK(!key.example.empty());
    CHECK(key.scopes != 0);
    CHECK((key.type == KeyType::Word) == !key.words.empty());
    check_explanation(std::string(key.path));
    for (int scope = 1; scope <= kRoute; scope *= 2)
      if ((key.scopes & scope) != 0) CHECK(seen.insert({key.path, scope}).second);
  }
}

namespace {

/// A mount in which the key can stand, without it.
std::string mount_with(const std::string& key) {
  if (key == "command") return "[mount.m]\ntype = \"command\"\ntarget = \"/m\"\n";
  if (key == "options") return "[mount.m]\ntype = \"tmpfs\"\ntarget = \"/m\"\n";
  std::string text = "[mount.m]\n";
  const auto add = [&](const std::string& name, const std::string& value) {
    if (name != key) text += name + " = \"" + value + "\"\n";
  };
  add("type", "s3fs");
  add("target", "/m");
  add("source", "s3://bucket/p");
  add("endpoint", "127.0.0.1:9000");
  add("access_key", "AK");
  add("cache", "/tmp/m");
  return text;
}

}  // namespace

TEST_CASE("every step and its settings explain themselves") {
  for (const std::string_view step : builtin_steps()) {
    check_explanation("step." + std::string(step));
    for (const Key& key : step_setting_keys(step))
      check_explanation(std::string(step) + "." + std::string(key.path));
  }
}

TEST_CASE("every example is accepted where its key stands") {
  for (const Key& key : key_table()) {
    CAPTURE(key.path);
    const std::string line = std::string(key.path) + " = " + std::string(key.example) + "\n";
    World world;
    world.env = {{"JOB_PREFIX", "bucket"}, {"S3_ENDPOINT", "localhost"}, {"ACCESS_KEY", "x"}};
    std::string text;
    world.files = {{"/run/secrets/token", "t"}, {"/run/secrets/user-and-password", "u:p"}};
    if (key.scopes == kTop) text = line;
    if (key.path == "http.status_page.logs") text += "http.status_page.token = \"t\"\n";
    if (key.scopes == kRoute) {
      text = "[gateway.routes.\"/a/\"]\n" + line;
      if (key.path != "to") text += "to = \"http://127.0.0.1:5000\"\n";
    }
    if ((key.scopes & kBuiltinStep) != 0) text += "[step.motd]\n" + line;
    // A check needs a probe beside its other keys.
    const bool checks = key.path.starts_with("ready.") || key.path.starts_with("health.");
    const std::string check(key.path.substr(0, key.path.find('.')));
    const std::string last(key.path.substr(key.path.rfind('.') + 1));
    const bool probe = std::string("tcp http exec file log notify notify_fd watchdog").find(last) !=
                       std::string::npos;
    const std::string beside =
        checks && !probe ? check + ".http = \"http://127.0.0.1/\"\n" : std::string();
    const std::string command = key.path == "command" ? "" : "command = [\"x\"]\n";
    if ((key.scopes & kService) != 0) text += "[service.a]\n" + command + beside + line;
    if ((key.scopes & kCommandStep) != 0) text += "[step.b]\n" + command + beside + line;
    if ((key.scopes & kJob) != 0) text += "[job]\n" + command + beside + line;
    if ((key.scopes & kMount) != 0) text += mount_with(std::string(key.path)) + line;
    if (key.path == "after" || key.path == "requires")
      text += "[service.database]\ncommand = [\"x\"]\nearly = true\n";
    const Planned planned = plan_text(text, world);
    CHECK(lines(planned.complaints) == "");
  }
}

TEST_CASE("keys are found by all their names") {
  struct Row {
    const char* key;
    const char* part;  // empty: unknown
  };
  static const Row rows[] = {
      {"restart.delay", "service.*.restart.delay, mount.*.restart.delay, step.*.restart.delay\n"},
      {"service.sshd.restart.delay", "The pause before a restart."},
      {"service.*.restart", "Example: limit = 5"},
      {"job.command", "job.command\n"},
      {"http.listen", "Default: \"0.0.0.0:8080\""},
      {"http", "http.enabled\n"},
      {"gateway.routes", "Type:    a table of routes"},
      {"gateway.routes.*.bearer", "gateway.routes.*.bearer\n"},
      {"motd", "Due:     once"},
      {"step.motd", "step.motd.file\n"},
      {"motd.file", "Default: \"/etc/matrixdc-motd\""},
      {"step.motd.when", "step.*.when\n"},
      {"nothing", ""},
      {"restart.dela", ""},
      {"", ""},
      {"service.", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.key);
    const std::optional<std::string> text = explain_key(row.key);
    CHECK(text.has_value() == !std::string(row.part).empty());
    if (text) CHECK(text->find(row.part) != std::string::npos);
  }
}

TEST_CASE("the words of `extends` are the presets that exist") {
  std::set<std::string_view> presets;
  for (const EmbeddedPreset& preset : embedded_presets()) presets.insert(preset.name);
  for (const Key& key : key_table()) {
    if (key.path != "extends") continue;
    std::set<std::string_view> words;
    std::size_t start = 0;
    while (start <= key.words.size()) {
      const std::size_t end = std::min(key.words.find('|', start), key.words.size());
      words.insert(key.words.substr(start, end - start));
      start = end + 1;
    }
    CHECK(words == presets);
  }
}
