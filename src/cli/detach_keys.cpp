#include "cli/detach_keys.h"

#include "base/text.h"

namespace bootsman {

Result<std::string> parse_detach_keys(std::string_view text) {
  std::string keys;
  if (text.empty()) return keys;
  for (const std::string_view key : split(text, ',')) {
    constexpr std::string_view kCtrl = "ctrl-";
    if (key.size() == 1) {
      keys += key;
    } else if (key.size() == kCtrl.size() + 1 && key.starts_with(kCtrl) &&
               std::string_view("abcdefghijklmnopqrstuvwxyz@[\\]^_").find(key.back()) !=
                   std::string_view::npos) {
      keys += static_cast<char>(key.back() & 0x1f);
    } else {
      return fail("cannot read the key \"" + printable(key) +
                  "\": write one character, or ctrl- and a letter or one of @[\\]^_, as in "
                  "ctrl-],ctrl-]");
    }
  }
  return keys;
}

bool DetachMatcher::feed(std::string_view typed, std::string& out) {
  if (keys_.empty()) {
    out += typed;
    return false;
  }
  for (const char byte : typed) {
    held_ += byte;
    // What is held shrinks to its longest end that begins the keys.
    while (!held_.empty() && !std::string_view(keys_).starts_with(held_)) {
      out += held_.front();
      held_.erase(0, 1);
    }
    if (held_ == keys_) {
      held_.clear();
      return true;
    }
  }
  return false;
}

}  // namespace bootsman
