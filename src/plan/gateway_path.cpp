#include "plan/gateway_path.h"

#include "base/text.h"

namespace bootsman {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decoded(std::string_view path) {
  std::string text;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      text += path[i];
      continue;
    }
    if (i + 2 >= path.size()) return std::nullopt;
    const int high = hex_digit(path[i + 1]), low = hex_digit(path[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    text += static_cast<char>(high * 16 + low);
    i += 2;
  }
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
  return text;
}

}  // namespace

std::optional<std::string> canonical_path(std::string_view path) {
  const auto text = decoded(path);
  if (!text || !text->starts_with('/')) return std::nullopt;
  std::string canonical;
  for (const std::string_view segment : split(std::string_view(*text).substr(1), '/')) {
    // "..;x" is ".." for servers that know parameters of segments (RFC 3986, 3.3).
    const auto name = segment.substr(0, segment.find(';'));
    if (name == "." || name == "..") return std::nullopt;
    if (!segment.empty()) (canonical += '/') += segment;
  }
  if (canonical.empty() || text->ends_with('/')) canonical += '/';
  return canonical;
}

bool is_reserved_path(std::string_view canonical) {
  return canonical == "/health" || canonical.starts_with("/health/") ||
         canonical.starts_with("/-/");
}

bool route_covers(std::string_view prefix, std::string_view canonical) {
  if (!canonical.starts_with(prefix)) return false;
  return prefix.ends_with('/') || canonical.size() == prefix.size() ||
         canonical[prefix.size()] == '/';
}

std::string wrong_prefix(std::string_view prefix) {
  if (!prefix.starts_with('/')) return "must begin with a slash, as \"/jupyter/\" does";
  if (prefix.find_first_of("?#%") != prefix.npos)
    return "must be a path as people read it, without ?, # and %XX";
  if (canonical_path(prefix) != prefix)
    return "must be a plain path: no //, no . or .. in it, no control character";
  if (is_reserved_path(prefix) || prefix == "/health/")
    return "must not be /health, or below it or below /-/: these are the init's own";
  return "";
}

}  // namespace bootsman
