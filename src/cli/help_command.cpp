#include "cli/help_command.h"

#include <cstdio>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/manual.h"
#include "cli/output.h"
#include "config/explain.h"
#include "config/keys.h"

namespace bootsman {

namespace {

int unknown_topic(const std::string& topic) {
  std::vector<std::string_view> names;
  for (const auto& row : commands()) {
    if (!row.hidden) names.push_back(row.name);
  }
  for (const Key& key : key_table()) names.push_back(key.path);
  const auto near = nearest(topic, names);
  return complain("cannot explain \"" + printable(topic) +
                      "\": it is neither a command nor a key of the configuration" +
                      (near ? ", did you mean \"" + std::string(*near) + "\"?" : ""),
                  kUsage);
}

}  // namespace

int help_command(const Invocation& invocation) {
  if (invocation.has("--man")) {
    std::fputs(manual_page().c_str(), stdout);
    return 0;
  }
  if (invocation.has("--reference")) {
    std::fputs(reference_page().c_str(), stdout);
    return 0;
  }
  if (invocation.words.empty()) {
    std::fputs(help_text().c_str(), stdout);
    return 0;
  }
  const std::string& topic = invocation.words.front();
  if (const auto* row = find_command(topic)) {
    std::fputs(help_text(*row).c_str(), stdout);
    return 0;
  }
  if (const auto text = explain_key(topic)) {
    std::printf("%s\n", text->c_str());
    return 0;
  }
  return unknown_topic(topic);
}

}  // namespace bootsman
