#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bootsman {

/// The kubelet reads no more of a termination message.
inline constexpr std::size_t kTerminationMax = 4096;

/// Why the container ended, for who asks after it is gone.
struct LastWords {
  std::string reason;  ///< "job: exited 3 after 12 s". May have several lines.
  int exit_code = 0;
  std::string unit;                ///< Whose lines follow: "service.web". Empty: nobody's.
  std::vector<std::string> lines;  ///< Oldest first, as the unit wrote them.
};

/// The text with each of these values replaced by "***". A value of several lines counts line by
/// line; empty ones hide nothing.
std::string masked(std::string text, const std::vector<std::string>& values);

/// The message for /dev/termination-log: the reason, the exit code, then as many of the latest
/// lines as fit, each whole or (the latest alone) cut at its end. Never longer than `limit` bytes;
/// valid UTF-8 without control characters; without any of the secret values.
std::string termination_message(const LastWords& words, const std::vector<std::string>& secrets,
                                std::size_t limit = kTerminationMax);

}  // namespace bootsman
