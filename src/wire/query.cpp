#include "wire/query.h"

#include <algorithm>

#include "base/text.h"

namespace bootsman {

namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";

std::optional<unsigned> hex(char c) {
  if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  const auto at = kDigits.find(c);
  if (at == kDigits.npos) return std::nullopt;
  return static_cast<unsigned>(at);
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    if (at + 2 >= text.size()) return std::nullopt;
    const auto high = hex(text[at + 1]);
    const auto low = hex(text[at + 2]);
    if (!high || !low) return std::nullopt;
    out += static_cast<char>(*high * 16 + *low);
    at += 2;
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte / 16], kDigits[byte % 16]};
  }
  return out;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(
    std::string_view query, const std::vector<std::string_view>& known) {
  std::vector<std::pair<std::string, std::string>> parameters;
  if (query.empty()) return parameters;
  for (const std::string_view part : split(query, '&')) {
    if (part.empty()) continue;
    const auto equals = std::min(part.find('='), part.size());
    auto name = percent_decode(part.substr(0, equals));
    auto value = percent_decode(part.substr(std::min(equals + 1, part.size())));
    if (!name || !value) return fail("cannot read the query: a % is not followed by two digits");
    if (std::ranges::find(known, *name) == known.end()) {
      return fail("cannot take the parameter \"" + printable(*name) + "\"" +
                  (known.empty()
                       ? ": there are none here"
                       : ": it is none of " +
                             join(std::vector<std::string>(known.begin(), known.end()), ", ")));
    }
    parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return parameters;
}

}  // namespace bootsman
