#pragma once

#include <cstddef>
#include <string_view>

namespace bootsman {

/// The length of the UTF-8 character (RFC 3629) that the text begins with; 0 where it begins with
/// bytes that are none: overlong forms, surrogates, and characters that are cut off.
inline std::size_t utf8_character(std::string_view text) {
  const auto byte = [&](std::size_t at) -> unsigned {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return text.empty() ? 0 : 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t at = 2; at < length; ++at)
    if ((byte(at) & 0xc0U) != 0x80) return 0;
  return length;
}

/// Where to cut the text so that at most `limit` bytes stay and no UTF-8 character is torn. Looks
/// at the first `limit` bytes only (the text has as many); what is no UTF-8 is cut about there.
inline std::size_t utf8_cut(std::string_view text, std::size_t limit) {
  for (std::size_t back = 1; back <= 3 && back < limit; ++back) {
    const auto byte = static_cast<unsigned char>(text[limit - back]);
    if ((byte & 0xc0U) == 0x80) continue;
    const std::size_t length = byte < 0xc2 || byte > 0xf4 ? 1
                               : byte < 0xe0              ? 2
                               : byte < 0xf0              ? 3
                                                          : 4;
    return length > back ? limit - back : limit;
  }
  return limit;
}

}  // namespace bootsman
