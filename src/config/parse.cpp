#include "config/parse.h"

// The library asserts, or tells the compiler to assume, things that do not hold for every malformed
// text ("[" followed by a line end), though its code beside them handles these well. So its
// assertions mean nothing here; tests/unit/config/mutation_test.cpp feeds it damaged texts instead.
#include <toml++/impl/preprocessor.h>
#undef TOML_ASSERT
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT(...) static_assert(true)
#define TOML_ASSERT_ASSUME(...) static_assert(true)
#include <toml++/toml.h>

#include <algorithm>
#include <exception>

#include "base/text.h"

namespace bootsman {
namespace {

class Reader {
 public:
  explicit Reader(std::uint32_t file) : file_(file) {}

  Node node(const toml::node& from) const {
    Node to;
    to.at = position(from.source());
    if (const auto* table = from.as_table()) {
      to.data = members(*table);
    } else if (const auto* array = from.as_array()) {
      Node::Array items;
      for (const toml::node& item : *array) items.push_back(node(item));
      to.data = std::move(items);
    } else if (const auto* text = from.as_string()) {
      to.data = text->get();
    } else if (const auto* integer = from.as_integer()) {
      to.data = integer->get();
    } else if (const auto* number = from.as_floating_point()) {
      to.data = number->get();
    } else if (const auto* boolean = from.as_boolean()) {
      to.data = boolean->get();
    } else {
      to.data = Node::Date{};
    }
    return to;
  }

  Position position(const toml::source_region& region) const {
    return {file_, region.begin.line, region.begin.column};
  }

 private:
  Node::Table members(const toml::table& table) const {
    Node::Table found;
    for (const auto& [key, value] : table) {
      Node member = node(value);
      member.key_at = position(key.source());
      found.push_back({std::string(key.str()), std::move(member)});
    }
    // The library sorts by name; what comes first in the text starts first.
    std::ranges::stable_sort(found, {}, [](const auto& entry) { return entry.node.key_at; });
    return found;
  }

  std::uint32_t file_;
};

}  // namespace

std::optional<Node> parse_toml(std::string_view text, std::uint32_t file,
                               Diagnostics& diagnostics) {
  const Reader reader(file);
  try {
    return reader.node(toml::parse(text));
  } catch (const toml::parse_error& error) {
    diagnostics.error(reader.position(error.source()), "",
                      "cannot read this as TOML: " + printable(error.description(), 300));
  } catch (const std::exception& error) {
    diagnostics.error({file, 1, 1}, "",
                      "cannot read this as TOML: " + printable(error.what(), 300));
  }
  return std::nullopt;
}

}  // namespace bootsman
