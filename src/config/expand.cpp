#include "config/expand.h"

#include <algorithm>

#include "base/text.h"

namespace bootsman {
namespace {

bool is_name(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && letter(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || digit(c); });
}

Result<std::string> read_value(const std::string& path, const ConfigFacts& facts) {
  if (!facts.read_file) return fail("cannot read " + printable(path) + " here");
  Result<std::string> text = facts.read_file(path);
  if (!text) return text;
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  return text;
}

/// Expands what stands between "${" and "}".
class Expander {
 public:
  Expander(const ConfigFacts& facts, const std::vector<std::string>& secrets, Expansion& result)
      : facts_(facts), secrets_(secrets), result_(result) {}

  void reference(std::string_view inner) {
    if (inner.starts_with("file:"))
      return from(read_value(std::string(inner.substr(5)), facts_), inner);
    if (inner.starts_with("ip:")) return address(inner);
    const std::size_t end = inner.find(':');
    const std::string_view name = inner.substr(0, end);
    const std::string_view rest = end == std::string_view::npos ? "" : inner.substr(end);
    const bool known_form = rest.empty() || rest.starts_with(":-") || rest.starts_with(":?");
    if (!is_name(name) || !known_form || rest.find("${") != std::string_view::npos) {
      return refuse("cannot read \"" + written(inner) +
                    "\": write ${NAME}, ${NAME:-default}, ${NAME:?message}, ${file:/path} or "
                    "${ip:interface}, and $$ for a plain $");
    }
    if (std::ranges::find(secrets_, name) != secrets_.end()) {
      return refuse("cannot put the secret " + std::string(name) +
                    " into a value, where others could read it: name it in `pass_secrets` of the "
                    "unit that needs it");
    }
    named(inner, name, rest);
  }

 private:
  static std::string written(std::string_view inner) {
    return printable("${" + std::string(inner) + "}", 80);
  }

  void refuse(std::string text) { result_.errors.push_back(std::move(text)); }

  void lacks(std::string_view inner, std::string text) {
    result_.missing.push_back(std::move(text));
    result_.unresolved = true;
    result_.text += "${" + std::string(inner) + "}";
  }

  void named(std::string_view inner, std::string_view name, std::string_view rest) {
    const Result<std::optional<std::string>> value = variable(name, facts_);
    if (!value) return lacks(inner, value.error().message());
    const bool there = value->has_value() && (rest.empty() || !(*value)->empty());
    if (there) return put(**value, inner);
    if (rest.starts_with(":-")) {
      result_.text += rest.substr(2);
      return;
    }
    std::string why = "the variable " + std::string(name) + " is not set";
    if (value->has_value()) why = "the variable " + std::string(name) + " is empty";
    if (rest.size() > 2) why += ": " + printable(rest.substr(2));
    if (rest.empty()) {
      why += ": set it, or write \"${" + std::string(name) + ":-default}\"";
    }
    lacks(inner, why);
  }

  void address(std::string_view inner) {
    if (!facts_.address_of) return lacks(inner, "cannot look up network addresses here");
    from(facts_.address_of(std::string(inner.substr(3))), inner);
  }

  void from(const Result<std::string>& value, std::string_view inner) {
    if (value) return put(*value, inner);
    lacks(inner, value.error().message());
  }

  void put(const std::string& value, std::string_view inner) {
    if (value.find('\0') != std::string::npos) {
      return refuse("cannot use the value of " + written(inner) + ": it contains a NUL byte");
    }
    result_.text += value;
  }

  const ConfigFacts& facts_;
  const std::vector<std::string>& secrets_;
  Expansion& result_;
};

}  // namespace

Result<std::optional<std::string>> variable(std::string_view name, const ConfigFacts& facts) {
  if (const auto found = facts.env.find(name); found != facts.env.end())
    return std::optional(found->second);
  const auto file = facts.env.find(std::string(name) + "_FILE");
  if (file == facts.env.end()) return std::optional<std::string>();
  Result<std::string> text = read_value(file->second, facts);
  if (!text) return fail(std::move(text).error().within("variable " + file->first));
  return std::optional(std::move(*text));
}

Expansion expand(std::string_view text, const ConfigFacts& facts,
                 const std::vector<std::string>& secrets) {
  Expansion result;
  Expander expander(facts, secrets, result);
  while (true) {
    const std::size_t dollar = text.find('$');
    result.text += text.substr(0, dollar);
    if (dollar == std::string_view::npos) return result;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      result.text += '$';
      text.remove_prefix(1);
    } else if (!text.starts_with('{')) {
      result.text += '$';
    } else if (const std::size_t end = text.find('}'); end == std::string_view::npos) {
      result.errors.push_back("cannot read \"$" + printable(text, 80) +
                              "\": the closing } is missing; write $$ for a plain $");
      return result;
    } else {
      expander.reference(text.substr(1, end - 1));
      text.remove_prefix(end + 1);
    }
  }
}

}  // namespace bootsman
