#pragma once

#include <cstddef>
#include <cstdint>
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

/// What lets values be found in a text without keeping them: of each its length and a hash of 61
/// bits, by a key that nobody can foresee. Values that are wiped from memory can still be masked.
class SecretMarks {
 public:
  explicit SecretMarks(std::uint64_t key);

  /// A value of several lines counts line by line; empty ones hide nothing.
  void add(std::string_view value);
  /// The text with each of the values replaced by "***"; of two that begin at one
  /// place the longer one.
  std::string mask(std::string text) const;

 private:
  struct Mark {
    std::size_t length;
    std::uint64_t hash;
  };
  std::uint64_t key_;
  std::vector<Mark> marks_;
};

/// The text with each of these values replaced by "***", as by SecretMarks.
std::string masked(std::string text, const std::vector<std::string>& values);

/// The message for /dev/termination-log: the reason, the exit code, then as many of the latest
/// lines as fit, each whole or (the latest alone) cut at its end. Never longer than `limit` bytes;
/// valid UTF-8 without control characters; without any of the secret values.
std::string termination_message(const LastWords& words, const SecretMarks& secrets,
                                std::size_t limit = kTerminationMax);

}  // namespace bootsman
