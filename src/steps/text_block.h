#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bootsman {

/// Where a marked block goes in a file that has none yet.
enum class BlockPlace : std::uint8_t { Top, End };

// A marked block is what a step adds to a file that belongs to others:
//   # >>> bootsman NAME >>>
//   …
//   # <<< bootsman NAME <<<
// Everything outside it keeps its bytes. The block uses the file's own line ends.

/// The file's text without the block (all of them, should a copy have doubled it).
std::string without_block(std::string_view text, std::string_view name);

/// The text with the block holding exactly `body` (lines ending in "\n"): in its old place, else at
/// `place`. An empty body takes the block away.
std::string with_block(std::string_view text, std::string_view name, std::string_view body,
                       BlockPlace place);

/// Lines without their ends ("\n" or "\r\n"); a last line without an end counts too.
std::vector<std::string_view> lines_of(std::string_view text);

}  // namespace bootsman
