#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bootsman {

/// The path by which a route is chosen: %XX decoded once, several slashes taken for one. Nothing
/// for a path that two servers may read differently: with a "." or ".." segment, a control
/// character, or a "%" that no two hex digits follow. What is passed on is the path as it came.
std::optional<std::string> canonical_path(std::string_view path);

/// Whether the canonical path is the init's own whatever the routes say: `/health` and all below
/// it, all below `/-/`.
bool is_reserved_path(std::string_view canonical);

/// Whether a route of that prefix takes the canonical path: "/a/" all below it, "/a" that path and
/// all below it, never "/ab".
bool route_covers(std::string_view prefix, std::string_view canonical);

/// What is wrong with the prefix of a route, as "must …"; empty when nothing is.
std::string wrong_prefix(std::string_view prefix);

}  // namespace bootsman
