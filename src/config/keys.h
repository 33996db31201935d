#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/model.h"

namespace bootsman {

/// What a key wants, and the type of its SettingValue.
enum class KeyType : std::uint8_t {
  String,     ///< std::string
  Boolean,    ///< bool
  Integer,    ///< std::int64_t within min..max
  Number,     ///< double within min..max; integers are taken too
  Duration,   ///< Millis
  Size,       ///< std::uint64_t, bytes
  Signal,     ///< Signal
  Strings,    ///< std::vector<std::string>; one string stands for an array of one
  Command,    ///< std::vector<std::string>, not empty: program and arguments
  Integers,   ///< std::vector<int> within min..max
  Pairs,      ///< std::vector<std::pair<std::string, std::string>>: a table of strings
  Word,       ///< std::string, one of `words`
  Count,      ///< std::uint64_t: a whole number, or "unlimited" (all bits set)
  SizeLimit,  ///< std::uint64_t: a size, or "unlimited" (all bits set)
  FileMode,   ///< std::int64_t: an octal string, "0022"
  Routes,     ///< No value of its own: Config::routes holds them.
};

/// The kinds of table a key may stand in.
enum Scope : std::uint8_t {
  kTop = 1,
  kCommandStep = 2,
  kBuiltinStep = 4,
  kService = 8,
  kJob = 16,
  kMount = 32,
  kRoute = 64,  ///< [gateway.routes."/PATH/"]
};
using Scopes = std::uint8_t;

inline constexpr Scopes kProcess = kCommandStep | kService | kJob;
inline constexpr Scopes kUnit = kProcess | kBuiltinStep | kMount;

/// One row of THE table of keys. The parser, its hints, `bootsman help KEY` and docs/config.md read
/// these rows and nothing else. A key that the init does not honour has no row.
struct Key {
  std::string_view path;  ///< Within its table: "restart.delay"; top keys in full: "http.listen".
  KeyType type = KeyType::String;
  Scopes scopes = 0;
  /// The default as TOML. Starting with '(' it is a remark, where there is no one default.
  std::string_view fallback;
  std::string_view doc;           ///< Whole sentences.
  std::string_view example = {};  ///< The value as TOML.
  std::string_view words = {};    ///< Word: "always|on-failure|never".
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  bool bare_fallback = false;  ///< `fallback` is the string itself, without quotes.
};

/// All rows but those of the built-in steps' own settings.
std::span<const Key> key_table();

/// Whether `name` is a built-in step.
bool is_builtin_step(std::string_view name);

/// The names of all built-in steps.
std::vector<std::string_view> builtin_steps();

/// The rows of a built-in step's own settings.
std::vector<Key> step_setting_keys(std::string_view step);

/// The default as TOML, or a remark in parentheses; empty where the key must be given.
std::string fallback_text(const Key& key);

/// "a duration", "an array of strings", …
std::string_view type_name(KeyType type);

/// "services and the job": which tables take it.
std::string scope_names(Scopes scopes);

}  // namespace bootsman
