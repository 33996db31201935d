#pragma once

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "config/load.h"
#include "plan/make_plan.h"

// What tests of config and plan share: a small world for variables and accounts, and the way from
// texts to a plan with its complaints as lines.

namespace bootsman::tests {

inline constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/bin/bash\n"
    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
    "broken line\n"
    "alice:x:1101:1101:Alice:/data/alice:/bin/zsh\n";
inline constexpr const char* kGroup =
    "root:x:0:\n"
    "daemon:x:1:\n"
    "video:x:44:alice,bob\n"
    "alice:x:1101:\n"
    "docker:x:998:bob,alice\n";

using Env = std::map<std::string, std::string, std::less<>>;

struct World {
  Env env;
  bool must_resolve = true;
  std::map<std::string, std::string> files;
  std::uint32_t uid = 0;
  std::vector<std::string> command_line;

  ConfigFacts config_facts() const {
    ConfigFacts facts;
    facts.env = env;
    facts.must_resolve = must_resolve;
    facts.read_file = [all = files](const std::string& path) -> Result<std::string> {
      const auto found = all.find(path);
      if (found == all.end()) return fail("cannot read " + path + ": No such file or directory");
      return found->second;
    };
    facts.address_of = [](const std::string& interface) -> Result<std::string> {
      if (interface == "ib0") return "10.1.2.3";
      return fail("cannot find an address of the network interface \"" + interface + "\"");
    };
    return facts;
  }

  PlanFacts plan_facts() const {
    PlanFacts facts;
    facts.env = env;
    facts.passwd = [] { return kPasswd; };
    facts.group = [] { return kGroup; };
    facts.uid = uid;
    facts.command_line = command_line;
    facts.read_file = config_facts().read_file;
    facts.must_resolve = must_resolve;
    return facts;
  }
};

struct Planned {
  Config config;
  Plan plan;
  std::vector<std::string> complaints;
};

/// Loads and plans the texts, which are called a.toml, b.toml, …
inline Planned plan_texts(const std::vector<std::string>& texts, const World& world = {}) {
  std::vector<SourceText> sources;
  for (const std::string& text : texts)
    sources.push_back({std::string(1, static_cast<char>('a' + sources.size())) + ".toml", text});
  LoadResult loaded = load(sources, world.config_facts());
  PlanResult planned = make_plan(loaded.config, world.plan_facts());
  Diagnostics all = loaded.diagnostics;
  all.append(planned.diagnostics);
  all.sort();
  Planned result{std::move(loaded.config), std::move(planned.plan), {}};
  for (const Diagnostic& diagnostic : all.all())
    result.complaints.push_back(to_text(diagnostic, result.config.files));
  return result;
}

inline Planned plan_text(const std::string& text, const World& world = {}) {
  return plan_texts({text}, world);
}

inline std::string lines(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& line : all) text += line + "\n";
  return text;
}

inline std::string read_source_file(const std::string& path) {
  std::ifstream file(std::string(BOOTSMAN_SOURCE_DIR) + "/" + path, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), "cannot open " << path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace bootsman::tests
