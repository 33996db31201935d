#include "plan/s3_location.h"

#include <algorithm>
#include <cctype>

#include "base/letter_case.h"
#include "base/text.h"

namespace bootsman {
namespace {

constexpr std::size_t kBucketMin = 3;
constexpr std::size_t kBucketMax = 63;
constexpr std::size_t kPrefixMax = 1024;  // The longest key of S3.
constexpr std::uint64_t kPortMax = 65535;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// As stores have taken them over the years: capitals and underscores were once allowed.
bool is_bucket(std::string_view name) {
  const auto good = [](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; };
  return name.size() >= kBucketMin && name.size() <= kBucketMax && is_alphanumeric(name[0]) &&
         std::ranges::all_of(name, good) && name.find("..") == std::string_view::npos;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

std::string_view without_slashes(std::string_view text) {
  while (text.starts_with('/')) text.remove_prefix(1);
  while (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

tl::unexpected<Error> no_location(std::string_view text, std::string_view why) {
  return fail("cannot read \"" + printable(text, 120) + "\" as a place in an object store: " +
              std::string(why) + "; write s3://BUCKET/PREFIX (obs:// and s3a:// mean the same)");
}

tl::unexpected<Error> no_endpoint(std::string_view text, std::string_view why) {
  return fail("cannot read \"" + printable(text, 120) + "\" as the address of an S3 server: " +
              std::string(why) + "; write HOST, HOST:PORT or https://HOST");
}

bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    if (!host.ends_with(']') || host.size() < 4) return false;
    return std::ranges::all_of(host.substr(1, host.size() - 2), [](char c) {
      return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == ':' || c == '.';
    });
  }
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return is_alphanumeric(c) || c == '.' || c == '-' || c == '_';
  });
}

}  // namespace

std::string S3Location::text() const {
  return "s3://" + bucket + (prefix.empty() ? "" : "/" + prefix);
}

Result<S3Location> parse_s3_location(std::string_view text) {
  std::string_view rest = trim(text);
  if (rest.empty()) return no_location(text, "it is empty");
  if (const std::size_t end = rest.find("://"); end != std::string_view::npos) {
    const std::string scheme = lower(rest.substr(0, end));
    if (scheme != "s3" && scheme != "obs" && scheme != "s3a")
      return no_location(text, "it begins with " + printable(scheme, 20) + "://");
    rest.remove_prefix(end + 3);
  }
  rest = without_slashes(rest);
  const std::size_t slash = rest.find('/');
  const std::string_view bucket = rest.substr(0, slash);
  if (bucket.empty()) return no_location(text, "it names no bucket");
  if (!is_bucket(bucket))
    return no_location(text, "\"" + printable(bucket, 80) +
                                 "\" is no bucket's name (3 to 63 letters, digits, -, _ and .)");
  S3Location location;
  location.bucket = std::string(bucket);
  if (slash != std::string_view::npos)
    location.prefix = std::string(without_slashes(rest.substr(slash)));
  if (has_control(location.prefix)) return no_location(text, "it contains a control character");
  if (location.prefix.size() > kPrefixMax) return no_location(text, "its prefix is too long");
  for (const std::string_view part : split(location.prefix, '/'))
    if (part == "." || part == "..")
      return no_location(text, "a part of its prefix is \"" + std::string(part) + "\"");
  return location;
}

Result<std::string> parse_s3_endpoint(std::string_view text) {
  std::string_view rest = trim(text);
  if (rest.empty()) return no_endpoint(text, "it is empty");
  std::string scheme = "http";
  if (const std::size_t end = rest.find("://"); end != std::string_view::npos) {
    scheme = lower(rest.substr(0, end));
    if (scheme != "http" && scheme != "https")
      return no_endpoint(text, "only http:// and https:// are known");
    rest.remove_prefix(end + 3);
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find('/') != std::string_view::npos) return no_endpoint(text, "it has a path");
  if (rest.find('@') != std::string_view::npos)
    return no_endpoint(text, "credentials do not belong into it");
  std::string_view host = rest;
  const std::size_t colon = rest.rfind(':');
  if (colon != std::string_view::npos && !rest.ends_with(']')) {
    host = rest.substr(0, colon);
    const auto port = parse_number(rest.substr(colon + 1));
    if (!port || *port == 0 || *port > kPortMax)
      return no_endpoint(text, "\"" + printable(rest.substr(colon + 1), 20) + "\" is no port");
  }
  if (!is_host(host)) return no_endpoint(text, "\"" + printable(host, 80) + "\" is no host");
  return scheme + "://" + std::string(rest);
}

}  // namespace bootsman
