#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bootsman {

/// What the login message tells. What is not known is left out.
struct MotdFacts {
  struct Cpu {
    std::optional<double> limit;  ///< Cores; nothing: no limit.
    unsigned machine_cores = 0;
  };
  struct Disk {
    std::uint64_t used = 0;
    std::uint64_t available = 0;  ///< For unprivileged users.
    std::uint64_t total = 0;
  };
  std::optional<Cpu> cpu;
  bool memory_known = false;
  std::optional<std::uint64_t> memory_limit;  ///< Bytes; nothing: no limit.
  std::vector<std::string> gpus;              ///< One name for each device.
  std::vector<std::string> npus;              ///< The same of Ascend processors.
  std::optional<Disk> disk;                   ///< Of "/".
};

enum class MotdLanguage : std::uint8_t { Chinese, English, Ascii };

/// By LC_ALL, LC_MESSAGES, LANG in this order; Ascii where the locale has no UTF-8.
MotdLanguage motd_language(std::string_view lc_all, std::string_view lc_messages,
                           std::string_view lang);

/// The message, columns aligned also for wide characters. `colour`: with a terminal's colours.
std::string motd_text(const MotdFacts& facts, MotdLanguage language, bool colour = true);

/// Reads `cpu.max` of cgroup v2: "max 100000" or "250000 100000". Nothing: not readable as such.
/// The inner optional is empty for "max".
std::optional<std::optional<double>> parse_cpu_max(std::string_view text);

/// The same from cgroup v1's quota (-1: no limit) and period.
std::optional<std::optional<double>> parse_cpu_quota(std::string_view quota,
                                                     std::string_view period);

/// One name for each chip in the table that `npu-smi info` prints, its rows "| 0     910B3 | OK …".
std::vector<std::string> parse_npu_names(std::string_view info);

/// Reads `memory.max` or v1's memory.limit_in_bytes, where a huge number stands for no limit.
std::optional<std::optional<std::uint64_t>> parse_memory_limit(std::string_view text);

}  // namespace bootsman
