#include "config/tree.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace bootsman {

const Node* Node::find(std::string_view key) const {
  return const_cast<Node*>(this)->find(key);
}

Node* Node::find(std::string_view key) {
  Table* members = table();
  if (members == nullptr) return nullptr;
  for (auto& [name, member] : *members)
    if (name == key) return &member;
  return nullptr;
}

std::string_view Node::kind() const {
  static constexpr std::array<std::string_view, std::variant_size_v<Data>> kKinds{
      "a table", "an array", "a string", "an integer", "a number", "a boolean", "a date"};
  return kKinds[data.index()];
}

std::string toml_key(std::string_view key) {
  const auto bare = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  if (!key.empty() && std::ranges::all_of(key, bare)) return std::string(key);
  return "\"" + printable(key, 80) + "\"";
}

std::string key_path(std::string_view parent, std::string_view key) {
  if (parent.empty()) return toml_key(key);
  return std::string(parent) + "." + toml_key(key);
}

}  // namespace bootsman
