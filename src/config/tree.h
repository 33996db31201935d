#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/diagnostic.h"

namespace bootsman {

struct NodeMember;

/// A piece of a configuration text with its place: TOML, as the rest of this folder sees it.
struct Node {
  using Table = std::vector<NodeMember>;  ///< In the order of the text.
  using Array = std::vector<Node>;
  struct Date {};  ///< Dates and times: known to TOML, wanted by no key.
  using Data = std::variant<Table, Array, std::string, std::int64_t, double, bool, Date>;

  Data data;
  Position at;      ///< Of the value.
  Position key_at;  ///< Of the key that names it.

  const Table* table() const { return std::get_if<Table>(&data); }
  Table* table() { return std::get_if<Table>(&data); }
  const Array* array() const { return std::get_if<Array>(&data); }
  const std::string* string() const { return std::get_if<std::string>(&data); }

  /// The member of a table, or nullptr.
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);

  /// "a string", "an integer", …: for messages.
  std::string_view kind() const;
};

/// An entry of a table. Not a pair: clang refuses a pair of a type that holds it.
struct NodeMember {
  std::string name;
  Node node;
};

/// "KEY" when a bare TOML key can say it, else quoted.
std::string toml_key(std::string_view key);

/// The path of a member: "service.sshd" + "restart" = "service.sshd.restart".
std::string key_path(std::string_view parent, std::string_view key);

}  // namespace bootsman
