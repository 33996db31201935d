#include "config/read_setting.h"

#include <algorithm>

#include "base/text.h"

namespace bootsman {
namespace {

constexpr std::uint64_t kUnlimited = ~std::uint64_t{0};

std::string quoted(std::string_view text) {
  std::string result = "\"";
  result += printable(text, 80);
  return result += "\"";
}

/// `"always", "on-failure" or "never"` out of "always|on-failure|never".
std::string word_list(const std::vector<std::string_view>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += quoted(words[i]);
  }
  return text;
}

/// Reads one value for one key.
class SettingReader {
 public:
  SettingReader(const Key& key, const std::string& path, const ReadContext& context)
      : key_(key), path_(path), context_(context) {}

  std::optional<Setting> read(const Node& node) {
    setting_.at = node.at;
    std::optional<SettingValue> value = convert(node);
    if (!value) return std::nullopt;
    setting_.value = std::move(*value);
    return std::move(setting_);
  }

 private:
  std::optional<SettingValue> convert(const Node& node) {
    switch (key_.type) {
      case KeyType::Boolean:
        return boolean(node);
      case KeyType::Integer:
        return integer(node);
      case KeyType::Number:
        return number(node);
      case KeyType::Count:
        return count(node);
      case KeyType::Strings:
      case KeyType::Command:
        return strings(node);
      case KeyType::Integers:
        return integers(node);
      case KeyType::Pairs:
        return pairs(node);
      default:
        return from_string(node);
    }
  }

  std::nullopt_t wrong(const Node& node, std::string text) {
    context_.diagnostics.error(node.at, path_, std::move(text));
    return std::nullopt;
  }

  std::nullopt_t wrong_type(const Node& node, std::string_view hint = "") {
    std::string text =
        "must be " + std::string(type_name(key_.type)) + ", not " + std::string(node.kind());
    if (!hint.empty()) text += ": write " + std::string(hint);
    return wrong(node, std::move(text));
  }

  /// The text with its variables expanded; nothing when something is wrong with them.
  std::optional<std::string> text_of(const Node& node) {
    const std::string& written = *node.string();
    if (written.find('\0') != std::string::npos)
      return wrong(node, "must not contain a NUL character");
    if (!context_.expands) {
      if (written.find('$') != std::string::npos) setting_.unresolved = true;
      return written;
    }
    Expansion expansion = expand(written, context_.facts, context_.secrets);
    for (std::string& error : expansion.errors) wrong(node, std::move(error));
    for (std::string& missing : expansion.missing) {
      const bool fatal = context_.facts.must_resolve;
      context_.diagnostics.add({fatal ? Diagnostic::Severity::Error : Diagnostic::Severity::Warning,
                                node.at, path_, std::move(missing)});
    }
    if (!expansion.errors.empty()) return std::nullopt;
    if (expansion.unresolved) {
      if (context_.facts.must_resolve) return std::nullopt;
      setting_.unresolved = true;
    }
    return std::move(expansion.text);
  }

  std::optional<SettingValue> boolean(const Node& node) {
    const bool* value = std::get_if<bool>(&node.data);
    if (value == nullptr) return wrong_type(node);
    setting_.plain = *value;
    return *value;
  }

  bool in_range(const Node& node, double value) {
    if (value >= static_cast<double>(key_.min) && value <= static_cast<double>(key_.max))
      return true;
    wrong(node, "must be from " + std::to_string(key_.min) +
                    (key_.max == std::numeric_limits<std::int64_t>::max()
                         ? " up"
                         : " to " + std::to_string(key_.max)));
    return false;
  }

  std::optional<SettingValue> integer(const Node& node) {
    const auto* value = std::get_if<std::int64_t>(&node.data);
    if (value == nullptr)
      return wrong_type(node, node.string() != nullptr ? "it without quotes" : "");
    if (!in_range(node, static_cast<double>(*value))) return std::nullopt;
    setting_.plain = *value;
    return *value;
  }

  std::optional<SettingValue> number(const Node& node) {
    double value = 0;
    if (const auto* whole = std::get_if<std::int64_t>(&node.data))
      value = static_cast<double>(*whole);
    else if (const double* real = std::get_if<double>(&node.data))
      value = *real;
    else
      return wrong_type(node, node.string() != nullptr ? "it without quotes" : "");
    if (!in_range(node, value)) return std::nullopt;  // Not-a-number is in no range.
    setting_.plain = value;
    return value;
  }

  std::optional<SettingValue> count(const Node& node) {
    if (node.string() != nullptr) {
      if (*node.string() == "unlimited") return SettingValue(kUnlimited);
      return wrong_type(node, "the number without quotes, or \"unlimited\"");
    }
    const auto* value = std::get_if<std::int64_t>(&node.data);
    if (value == nullptr) return wrong_type(node);
    if (!in_range(node, static_cast<double>(*value))) return std::nullopt;
    return SettingValue(static_cast<std::uint64_t>(*value));
  }

  std::optional<SettingValue> strings(const Node& node) {
    const bool command = key_.type == KeyType::Command;
    std::vector<std::string> values;
    if (node.string() != nullptr && command)
      return wrong_type(node,
                        "[\"PROGRAM\", \"ARGUMENT\"], or [\"sh\", \"-c\", \"…\"] for a shell");
    if (node.string() != nullptr) {
      std::optional<std::string> text = text_of(node);
      if (!text) return std::nullopt;
      values.push_back(std::move(*text));
    } else if (node.array() == nullptr) {
      return wrong_type(node);
    } else if (!items(node, values)) {
      return std::nullopt;
    }
    if (command && (values.empty() || values[0].empty())) return wrong(node, "must name a program");
    Value::Array plain(values.begin(), values.end());
    setting_.plain = std::move(plain);
    return values;
  }

  bool items(const Node& node, std::vector<std::string>& values) {
    bool good = true;
    for (const Node& item : *node.array()) {
      if (item.string() == nullptr) {
        wrong(item,
              "must hold strings, not " + std::string(item.kind()) + ": write it in double quotes");
        good = false;
      } else if (std::optional<std::string> text = text_of(item)) {
        values.push_back(std::move(*text));
      } else {
        good = false;
      }
    }
    return good;
  }

  std::optional<SettingValue> integers(const Node& node) {
    if (node.array() == nullptr) return wrong_type(node);
    std::vector<int> values;
    Value::Array plain;
    for (const Node& item : *node.array()) {
      const auto* value = std::get_if<std::int64_t>(&item.data);
      if (value == nullptr)
        return wrong(item, "must hold whole numbers, not " + std::string(item.kind()));
      if (!in_range(item, static_cast<double>(*value))) return std::nullopt;
      values.push_back(static_cast<int>(*value));
      plain.emplace_back(*value);
    }
    setting_.plain = std::move(plain);
    return values;
  }

  std::optional<SettingValue> pairs(const Node& node) {
    if (node.table() == nullptr) return wrong_type(node);
    std::vector<std::pair<std::string, std::string>> values;
    Value::Object plain;
    bool good = true;
    const std::string table = path_;
    for (const auto& [name, member] : *node.table()) {
      path_ = key_path(table, name);
      if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
        context_.diagnostics.error(member.key_at, path_,
                                   "cannot be a name: it is empty or has a = in it");
        good = false;
      } else if (member.string() == nullptr) {
        wrong(member, "must be a string, not " + std::string(member.kind()) +
                          ": write it in double quotes");
        good = false;
      } else if (std::optional<std::string> text = text_of(member)) {
        plain.emplace_back(name, *text);
        values.emplace_back(name, std::move(*text));
      } else {
        good = false;
      }
    }
    path_ = table;
    if (!good) return std::nullopt;
    setting_.plain = std::move(plain);
    return values;
  }

  std::optional<SettingValue> from_string(const Node& node) {
    if (node.string() == nullptr) return wrong_type(node, bare_number_hint(node));
    std::optional<std::string> text = text_of(node);
    if (!text) return std::nullopt;
    setting_.plain = *text;
    if (setting_.unresolved) return SettingValue(std::move(*text));
    switch (key_.type) {
      case KeyType::Duration:
        return parsed(node, parse_duration(*text));
      case KeyType::Signal:
        return parsed(node, parse_signal(*text));
      case KeyType::SizeLimit:
        if (*text == "unlimited") return SettingValue(kUnlimited);
        return parsed(node, parse_size(*text));
      case KeyType::Size:
        return parsed(node, parse_size(*text));
      case KeyType::FileMode:
        return file_mode(node, *text);
      case KeyType::Word:
        return word(node, *text);
      default:
        return SettingValue(std::move(*text));
    }
  }

  template <class T>
  std::optional<SettingValue> parsed(const Node& node, const Result<T>& result) {
    if (result) return SettingValue(*result);
    return wrong(node, result.error().message());
  }

  std::optional<SettingValue> file_mode(const Node& node, std::string_view text) {
    std::int64_t mode = 0;
    const bool octal = !text.empty() && text.size() <= 4 &&
                       std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '7'; });
    if (!octal) return wrong(node, "must be an octal string like \"0022\", not " + quoted(text));
    for (const char c : text) mode = mode * 8 + (c - '0');
    if (mode > 0777) return wrong(node, "must be at most \"0777\"");
    return SettingValue(mode);
  }

  std::optional<SettingValue> word(const Node& node, const std::string& text) {
    const std::vector<std::string_view> words = split(key_.words, '|');
    if (std::ranges::find(words, text) != words.end()) return SettingValue(text);
    const auto hint = nearest(text, words);
    return wrong(node, "must be " + word_list(words) + ", not " + quoted(text) +
                           (hint ? ": did you mean " + quoted(*hint) + "?" : ""));
  }

  std::string bare_number_hint(const Node& node) const {
    const auto* number = std::get_if<std::int64_t>(&node.data);
    if (number == nullptr) return "";
    const std::string text = std::to_string(*number);
    switch (key_.type) {
      case KeyType::Duration:
        return "\"" + text + "s\"";
      case KeyType::Size:
      case KeyType::SizeLimit:
        return "\"" + text + "MiB\", or \"" + text + "B\" for bytes";
      case KeyType::FileMode:
        return "an octal string like \"0022\"";
      default:
        return "\"" + text + "\"";
    }
  }

  const Key& key_;
  std::string path_;
  const ReadContext& context_;
  Setting setting_;
};

}  // namespace

std::optional<Setting> read_setting(const Node& node, const Key& key, const std::string& path,
                                    const ReadContext& context) {
  return SettingReader(key, path, context).read(node);
}

}  // namespace bootsman
