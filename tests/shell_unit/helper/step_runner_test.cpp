#include <doctest/doctest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/json.h"
#include "helper/apply.h"
#include "helper/conditions.h"
#include "helper/password_hash.h"
#include "lib/skip.h"
#include "shell_unit/helper/step_start.h"
#include "sys/file.h"

using namespace bootsman;
using test::Folder;
using test::pip_in;
using test::Start;

TEST_CASE("a step writes its file, then has nothing to do") {
  const Folder folder;
  Start start(folder);
  CHECK(start.run("pip", pip_in(folder)) == "changed");
  CHECK(start.why() == "wrote " + (folder / "pip.conf"));
  const std::string text = read_file(folder / "pip.conf").value_or("");
  CHECK(text.find("index-url") != std::string::npos);
  const std::string record = read_file(folder / "state/record.json").value_or("");
  CHECK(start.run("pip", pip_in(folder)) == "unchanged");
  CHECK(read_file(folder / "pip.conf").value_or("") == text);
  CHECK(read_file(folder / "state/record.json").value_or("") == record);
}

TEST_CASE("what is done once is done again only when its traces are gone") {
  const Folder folder;
  Start start(folder);
  CHECK(start.run("pip", pip_in(folder), "once") == "changed");
  CHECK(start.run("pip", pip_in(folder), "once") == "unchanged");
  CHECK(start.why() == "done before in this container");
  const std::string text = read_file(folder / "pip.conf").value_or("");

  SUBCASE("its target was removed") {
    REQUIRE(remove_file(folder / "pip.conf"));
    CHECK(start.run("pip", pip_in(folder), "once") == "changed");
  }
  SUBCASE("its target was changed by a user, which stays") {
    REQUIRE(write_file(folder / "pip.conf", text + "timeout = 60\n"));
    CHECK(start.run("pip", pip_in(folder), "once") == "unchanged");
    CHECK(start.run("pip", pip_in(folder), "once") == "unchanged");
    CHECK(read_file(folder / "pip.conf").value_or("") == text + "timeout = 60\n");
  }
  SUBCASE("the flag was removed, which asks for the first boot again") {
    REQUIRE(remove_file(folder / "flag"));
    CHECK(start.run("pip", pip_in(folder), "once") == "unchanged");
    CHECK(start.why() == "everything is as it should be");
    CHECK(read_file(folder / "flag").has_value());
  }
  SUBCASE("the record was removed") {
    REQUIRE(remove_file(folder / "state/record.json"));
    CHECK(start.run("pip", pip_in(folder), "once") == "unchanged");
    CHECK(start.why() == "everything is as it should be");
  }
}

TEST_CASE("an image that was set up before by the old scripts is left as it is") {
  const Folder folder;
  Start start(folder);
  REQUIRE(write_file(folder / "flag", ""));
  CHECK(start.run("pip", pip_in(folder), "once") == "skipped");
  CHECK(start.why() == (folder / "flag") + " says that this was done before");
  CHECK(!read_file(folder / "pip.conf"));
  CHECK(read_file(folder / "flag").value_or("x").empty());
  Value settings;
  settings.set("paths", Value::Array{folder / "data"});
  CHECK(start.run("directories", settings) == "changed");
}

TEST_CASE("the flag is not left while a step of the first boot failed") {
  const Folder folder;
  Start start(folder);
  Value bad = pip_in(folder);
  bad.set("index_url", "a\nb");
  CHECK(start.run("pip", bad, "once") == "failed");
  CHECK(!read_file(folder / "flag"));
}

TEST_CASE("an image saved from this container and started elsewhere gets its own token") {
  const Folder folder;
  Start start(folder);
  Value settings;
  settings.set("config", folder / "jupyter/config.py");
  settings.set("settings_dir", folder / "user-settings");
  const std::string token_file = folder / "state/jupyter-token";
  CHECK(start.run("jupyter", settings, "once") == "changed");
  const std::string token = read_file(token_file).value_or("");
  CHECK(stat_file(token_file).mode == 0600);
  CHECK(start.run("jupyter", settings, "once") == "unchanged");
  CHECK(read_file(token_file).value_or("") == token);
  start.facts.identity = "container:b";
  CHECK(start.run("jupyter", settings, "once") == "changed");
  CHECK(read_file(token_file).value_or("") != token);
  start.facts.secrets["JUPYTER_TOKEN"] = "given";
  CHECK(start.run("jupyter", settings, "once") == "changed");
  CHECK(read_file(token_file).value_or("") == "given\n");
}

TEST_CASE("the record survives a restart, and damage to it only makes steps look again") {
  const Folder folder;
  Start start(folder);
  CHECK(start.run("pip", pip_in(folder)) == "changed");
  CHECK(stat_file(folder / "state/record.json").mode == 0600);
  for (const char* damage : {"", "{", "{\"schema\":99}", "[]", "{\"schema\":1,\"steps\":[]}"}) {
    INFO(damage);
    REQUIRE(write_file(folder / "state/record.json", damage));
    CHECK(start.run("pip", pip_in(folder)) == "unchanged");
    const auto again = parse_json(read_file(folder / "state/record.json").value_or(""));
    REQUIRE(again);
    CHECK(again->get_int("schema", 0) == 1);
  }
}

TEST_CASE("a step that is not known or fails says why, and stops nothing") {
  const Folder folder;
  Start start(folder);
  CHECK(start.run("no-such-step", {}) == "failed");
  CHECK(start.why() == "cannot run the step: bootsman has no built-in step \"no-such-step\"");
  Value settings;
  settings.set("paths", Value::Array{"relative"});
  CHECK(start.run("directories", settings) == "failed");
}

TEST_CASE("where a folder may not be changed the step is skipped with the reason") {
  const Folder folder;
  Start start(folder);
  if (::mount("tmpfs", folder.path.c_str(), "tmpfs", 0, nullptr) != 0) return test::skip("may not mount");
  REQUIRE(::mount(nullptr, folder.path.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
  Value settings;
  settings.set("paths", Value::Array{folder / "data"});
  CHECK(start.run("directories", settings) == "skipped");
  CHECK(start.why() == "cannot make the folder " + (folder / "data") + ": Read-only file system");
  REQUIRE(::umount(folder.path.c_str()) == 0);
}

TEST_CASE("the profile is read by a real shell") {
  const Folder folder;
  REQUIRE(write_file(folder / "profile",
                     "echo noise\nexport NEW='a b'\nexport KEEP=profile\n"
                     "PATH=$PATH:/profile/bin\nexport PATH\n"));
  Start start(folder, {{"KEEP", "pod"}});
  Value settings;
  settings.set("file", folder / "profile");
  CHECK(start.run("profile", settings, "always") == "changed");
  REQUIRE(start.answers.size() == 2);
  const Value* env = start.answers[0].find("env");
  REQUIRE(env != nullptr);
  CHECK(env->get_string("NEW") == "a b");
  CHECK(env->find("KEEP") == nullptr);
  CHECK(env->get_string("PATH") == "/usr/bin:/bin:/profile/bin:/init/bin");

  struct Row {
    std::string script;
    const char* words;
  };
  const Row rows[] = {{"exit 7\n", "exited 7"}, {"sleep 30\n", "it was not done after 300ms"}};
  settings.set("time_limit", "300ms");
  for (const Row& row : rows) {
    INFO(row.script);
    REQUIRE(write_file(folder / "profile", row.script));
    CHECK(start.run("profile", settings, "always") == "changed");
    CHECK(start.answers[0].get_string("severity") == "warning");
    CHECK(start.answers[0].get_string("say").find(row.words) != std::string::npos);
  }
}

TEST_CASE("a profile with a syntax error costs the lines from there on") {
  const Folder folder;
  REQUIRE(write_file(folder / "profile", "export NEW=1\nif then\nexport LATER=1\n"));
  Start start(folder);
  Value settings;
  settings.set("file", folder / "profile");
  CHECK(start.run("profile", settings, "always") == "changed");
  // bash goes on after the file, sh ends: either way PATH is made.
  const Value* env = nullptr;
  for (const Value& answer : start.answers)
    if (answer.find("env") != nullptr) env = answer.find("env");
  REQUIRE(env != nullptr);
  CHECK(env->get_string("PATH") == "/usr/bin:/bin:/init/bin");
  CHECK(env->find("LATER") == nullptr);
}

TEST_CASE("content that its program refuses does not take the place of the old") {
  const Folder folder;
  const std::string path = folder / "config";
  const Runner run = [](const CommandLine& command) -> Result<CommandOutput> {
    CommandOutput output;
    output.out = read_file(command.argv[1]).value_or("");
    const bool good = output.out.find("bad") == std::string::npos;
    output.status = ExitStatus::exited(good ? 0 : 1);
    output.text = "line 1: bad\n";
    return output;
  };
  struct Row {
    std::string content;
    std::vector<std::string> fallbacks;
    std::string after;
    std::string error;
  };
  const Row rows[] = {
      {"wanted\n", {}, "wanted\n", ""},
      {"bad\n", {"wanted\nless\n"}, "wanted\nless\n", ""},
      {"bad\n", {}, "old\n", "cannot change " + path + ": /sbin/check exited 1: line 1: bad"},
      {"other\n", {}, "old\n", "cannot change " + path + ": /sbin/check would not have \"wanted\""},
  };
  for (const Row& row : rows) {
    REQUIRE(write_file(path, "old\n"));
    WriteFile write;
    write.path = path;
    write.content = row.content;
    write.fallbacks = row.fallbacks;
    write.verify = Verification{{{"/sbin/check", "{}"}, "", Millis(1000)}, {"wanted"}};
    StepWork work;
    work.changes.push_back(write);
    const ApplyOutcome outcome = apply_work(work, run);
    CHECK(outcome.error == row.error);
    CHECK(read_file(path).value_or("") == row.after);
    CHECK(list_directory(folder.path) == std::vector<std::string>{"config"});
  }
}

TEST_CASE("a hook that fails or hangs does not keep the others from running") {
  const Folder folder;
  REQUIRE(make_directories(folder / "boot.d"));
  const auto hook = [&](const std::string& name, const std::string& script) {
    REQUIRE(write_file(folder / ("boot.d/" + name), "#!/bin/sh\n" + script, {.mode = 0755}));
  };
  hook("1-fails", "exit 3\n");
  hook("2-hangs", "sleep 60\n");
  hook("3-works", "echo done >" + (folder / "3") + "\n");
  Start start(folder);
  Value settings;
  settings.set("folder", folder / "boot.d");
  settings.set("time_limit", "300ms");
  CHECK(start.run("hooks", settings, "always") == "failed");
  CHECK(read_file(folder / "3").value_or("") == "done\n");
  const std::string hooks = folder / "boot.d/";
  CHECK(start.why() == "cannot run the hook " + hooks + "1-fails: " + hooks +
                           "1-fails exited 3; cannot run the hook " + hooks + "2-hangs: " + hooks +
                           "2-hangs was not done after 300ms");
  // The init is told what runs, and how long that may take.
  CHECK(start.answers[0].get_string("say") == "running " + hooks + "1-fails");
  CHECK(start.answers[1].get_int("needs_ms", 0) == 300);
  REQUIRE(remove_file(folder / "boot.d/1-fails"));
  REQUIRE(remove_file(folder / "boot.d/2-hangs"));
  CHECK(start.run("hooks", settings, "always") == "changed");
}

TEST_CASE("a removal that is refused is a warning where the step can live with it") {
  const Folder folder;
  REQUIRE(make_directories(folder / "full/of"));
  StepWork work;
  work.changes.push_back(RemoveFile{folder / "full", "it stays"});
  const ApplyOutcome outcome = apply_work(work, nullptr);
  CHECK(outcome.ok);
  REQUIRE(outcome.warnings.size() == 1);
  CHECK(outcome.warnings[0].starts_with("it stays (cannot remove "));
}

TEST_CASE("conditions are judged by files and by programs in PATH") {
  const Folder folder;
  REQUIRE(write_file(folder / "program", "", {.mode = 0755}));
  REQUIRE(write_file(folder / "data", ""));
  const DiskFiles files;
  struct Row {
    std::string name;
    std::vector<std::string> if_exists;
    std::vector<std::string> if_not_exists;
    bool holds;
    std::string why;
  };
  const std::string gone = folder / "gone";
  const Row rows[] = {
      {"a path", {folder / "data"}, {}, true, ""},
      {"a missing path", {gone}, {}, false, gone + " does not exist"},
      {"a program in PATH", {"program"}, {}, true, ""},
      {"what is no program", {"data"}, {}, false, "data is not in PATH"},
      {"any of several", {gone, "program"}, {}, true, ""},
      {"none of several", {gone, "x"}, {}, false, "none of these exists: " + gone + ", x"},
      {"unwanted", {}, {folder / "data"}, false, (folder / "data") + " exists"},
      {"unwanted and absent", {}, {gone}, true, ""},
      {"both", {"program"}, {folder / "data"}, false, (folder / "data") + " exists"},
      {"nothing asked", {}, {}, true, ""},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const ConditionVerdict verdict =
        judge_conditions(files, row.if_exists, row.if_not_exists, ":" + folder.path);
    CHECK(verdict.holds == row.holds);
    CHECK(verdict.why == row.why);
  }
}

TEST_CASE("passwords are hashed and verified without any program") {
  const auto hash = hash_password("s3cret", "$6$saltsaltsaltsalt");
  REQUIRE(hash);
  CHECK(hash->starts_with("$6$saltsaltsaltsalt$"));
  CHECK(hash_password("s3cret", *hash) == *hash);
  CHECK(hash_password("other", *hash) != *hash);
  // The vector of the SHA-crypt specification.
  CHECK(hash_password("Hello world!", "$6$saltstring") ==
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnI"
        "FNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1");
  CHECK(hash_password("x", "$y$j9T$F5Jx5fExrKuPp53xLKQ..1").value_or("").starts_with("$y$"));
  CHECK(!hash_password("x", "$nonsense"));
}
