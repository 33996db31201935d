#include "steps/identity.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "steps/text_block.h"

namespace bootsman {
namespace {

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/// "3e4d2b1c-…", also with the underscores that systemd's cgroup names have.
std::optional<std::string> leading_uid(std::string_view text) {
  constexpr std::size_t kLength = 36;
  if (text.size() < kLength) return std::nullopt;
  std::string uid(text.substr(0, kLength));
  for (std::size_t i = 0; i < kLength; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash && uid[i] == '_') uid[i] = '-';
    if (dash ? uid[i] != '-' : !is_hex(uid[i])) return std::nullopt;
  }
  return uid;
}

std::optional<std::string> pod_uid(std::string_view text) {
  static constexpr std::string_view kPlaces[] = {"/kubelet/pods/", "/pods/", "/pod", "-pod"};
  for (const std::string_view place : kPlaces)
    for (auto at = text.find(place); at != std::string_view::npos; at = text.find(place, at + 1))
      if (auto uid = leading_uid(text.substr(at + place.size()))) return uid;
  return std::nullopt;
}

/// The first run of exactly 64 hex digits.
std::optional<std::string> container_id(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_hex(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_hex(text[end])) ++end;
    if (end - at == 64) return std::string(text.substr(at, 64));
    at = end;
  }
  return std::nullopt;
}

/// The roots of those mounts that runtimes bind into each container, from its own folder.
std::string own_mount_roots(std::string_view mountinfo) {
  static constexpr std::string_view kPoints[] = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf",
                                                 "/dev/termination-log", "/run/.containerenv"};
  std::string roots;
  for (const std::string_view line : lines_of(mountinfo)) {
    const auto fields = split(line, ' ');
    if (fields.size() < 5) continue;
    if (std::ranges::find(kPoints, fields[4]) == std::end(kPoints)) continue;
    roots.append(fields[3]).append("\n");
  }
  return roots;
}

}  // namespace

std::string container_identity(std::string_view mountinfo, std::string_view cgroup,
                               std::string_view hostname) {
  const std::string roots = own_mount_roots(mountinfo);
  if (auto uid = pod_uid(roots)) return "pod:" + *uid;
  if (auto uid = pod_uid(cgroup)) return "pod:" + *uid;
  if (auto id = container_id(roots)) return "container:" + *id;
  if (auto id = container_id(cgroup)) return "container:" + *id;
  return "host:" + std::string(trim(hostname));
}

}  // namespace bootsman
