#include "steps/motd_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/cells.h"
#include "base/text.h"

namespace bootsman {
namespace {

constexpr std::string_view kGreen = "\033[32m";
constexpr std::string_view kPlain = "\033[0m";
constexpr std::size_t kRule = 112;

struct Words {
  std::string_view folders, folder, name, speed, note;
  std::string_view root_name, root_speed, root_note;
  std::string_view cpu, memory, gpu, storage, colon, cores, unlimited, of_machine;
};

constexpr Words kChinese = {
    "目录说明:",
    "目录",
    "名称",
    "速度",
    "说明",
    "系 统 盘",
    "一般",
    "实例关机数据不会丢失，可存放代码等。会随保存镜像一起保存。",
    "CPU",
    "内存",
    "GPU",
    "存储",
    "：",
    " 核心",
    "不限 (unlimited)",
    "整机 ",
};

constexpr Words kEnglish = {
    "Folders:",
    "Folder",
    "Name",
    "Speed",
    "Note",
    "system",
    "normal",
    "Kept when the instance is shut down, saved with the image. For code and the like.",
    "CPU",
    "Memory",
    "GPU",
    "Storage",
    ": ",
    " cores",
    "unlimited",
    "the machine has ",
};

/// Lines of a table, with the bytes of the terminal's character set.
struct Box {
  std::string_view line, side;
  std::array<std::string_view, 3> top, middle, bottom;
};
constexpr Box kDouble = {"═", "║", {"╔", "╦", "╗"}, {"╠", "╬", "╣"}, {"╚", "╩", "╝"}};
constexpr Box kAscii = {"-", "|", {"+", "+", "+"}, {"+", "+", "+"}, {"+", "+", "+"}};

std::string repeat(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

std::string folder_table(const Words& words, const Box& box) {
  using Row = std::array<std::string_view, 4>;
  const std::array<Row, 2> rows = {Row{words.folder, words.name, words.speed, words.note},
                                   Row{"/", words.root_name, words.root_speed, words.root_note}};
  std::array<std::size_t, 4> widths = {17, 8, 4, 73};
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row[i]));
  const auto rule = [&](const std::array<std::string_view, 3>& ends) {
    std::string line(ends[0]);
    for (std::size_t i = 0; i < widths.size(); ++i)
      line.append(i == 0 ? "" : ends[1]).append(repeat(box.line, widths[i]));
    return line.append(ends[2]).append("\n");
  };
  const auto cells = [&](const Row& row) {
    std::string line(box.side);
    for (std::size_t i = 0; i < row.size(); ++i)
      line.append(padded(row[i], widths[i])).append(box.side);
    return line + "\n";
  };
  return rule(box.top) + cells(rows[0]) + rule(box.middle) + cells(rows[1]) + rule(box.bottom);
}

/// At most one decimal, none for whole numbers: "4", "0.5", "2.5".
std::string one_decimal(double number) {
  const auto tenths = static_cast<std::uint64_t>(std::llround(number * 10));
  const std::string whole = std::to_string(tenths / 10);
  return tenths % 10 == 0 ? whole : whole + "." + std::to_string(tenths % 10);
}

/// As df -h writes sizes: rounded up, one decimal below 10.
std::string df_size(std::uint64_t bytes) {
  static constexpr std::string_view kUnits = "BKMGTPE";
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  const bool fine = unit > 0 && value < 9.95;
  const double up = fine ? std::ceil(value * 10) / 10 : std::ceil(value);
  std::string text = fine ? one_decimal(up) : std::to_string(static_cast<std::uint64_t>(up));
  if (fine && text.find('.') == std::string::npos) text += ".0";
  return text + kUnits[unit];
}

std::string disk_line(const MotdFacts::Disk& disk) {
  const std::uint64_t reachable = disk.used + disk.available;
  const std::uint64_t percent = reachable == 0 ? 0 : (disk.used * 100 + reachable - 1) / reachable;
  return std::to_string(percent) + "% " + df_size(disk.used) + "/" + df_size(disk.total);
}

std::string memory_size(std::uint64_t bytes) {
  constexpr double kGib = 1024.0 * 1024 * 1024;
  const double gib = static_cast<double>(bytes) / kGib;
  if (gib >= 1) return one_decimal(gib) + " GB";
  return std::to_string(bytes / (1024 * 1024)) + " MB";
}

std::string cpu_line(const MotdFacts::Cpu& cpu, const Words& words) {
  if (cpu.limit) return one_decimal(*cpu.limit) + std::string(words.cores);
  std::string text(words.unlimited);
  if (cpu.machine_cores > 0)
    text.append(", ")
        .append(words.of_machine)
        .append(std::to_string(cpu.machine_cores))
        .append(words.cores);
  return text;
}

/// "NVIDIA A100, 8", as nvidia-smi's name and count were shown before.
std::string gpu_line(const std::vector<std::string>& gpus) {
  std::map<std::string, int> counts;
  for (const std::string& gpu : gpus) ++counts[printable(gpu)];
  std::string text;
  for (const auto& [name, count] : counts) {
    if (!text.empty()) text += "; ";
    text += name + ", " + std::to_string(count);
  }
  return text;
}

bool is_max(std::string_view text) {
  return text == "max" || text == "-1";
}

}  // namespace

std::optional<std::optional<double>> parse_cpu_quota(std::string_view quota,
                                                     std::string_view period) {
  quota = trim(quota);
  if (is_max(quota)) return std::optional<double>();
  const auto q = parse_number(quota);
  const auto p = parse_number(trim(period));
  if (!q || !p || *p == 0) return std::nullopt;
  return std::optional<double>(static_cast<double>(*q) / static_cast<double>(*p));
}

std::optional<std::optional<double>> parse_cpu_max(std::string_view text) {
  text = trim(text);
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  return parse_cpu_quota(text.substr(0, space), text.substr(space + 1));
}

std::optional<std::optional<std::uint64_t>> parse_memory_limit(std::string_view text) {
  text = trim(text);
  if (is_max(text)) return std::optional<std::uint64_t>();
  const auto bytes = parse_number(text);
  if (!bytes) return std::nullopt;
  // cgroup v1 says "no limit" as the largest page-aligned number of 63 bits.
  if (*bytes >= (std::uint64_t{1} << 62)) return std::optional<std::uint64_t>();
  return std::optional<std::uint64_t>(*bytes);
}

std::vector<std::string> parse_npu_names(std::string_view info) {
  std::vector<std::string> names;
  for (const std::string_view line : split(info, '\n')) {
    const auto cells = split(trim(line), '|');
    if (cells.size() < 4) continue;
    // The row above names the columns, the one below has numbers alone.
    const std::string_view cell = trim(cells[1]);
    const auto space = cell.find(' ');
    if (space == std::string_view::npos || !parse_number(cell.substr(0, space))) continue;
    const std::string_view name = trim(cell.substr(space));
    if (!parse_number(name) && name.find(' ') == std::string_view::npos) names.emplace_back(name);
  }
  return names;
}

MotdLanguage motd_language(std::string_view lc_all, std::string_view lc_messages,
                           std::string_view lang) {
  const std::string_view chosen = !lc_all.empty()        ? lc_all
                                  : !lc_messages.empty() ? lc_messages
                                                         : lang;
  const auto has = [&](std::string_view piece) {
    return chosen.find(piece) != std::string_view::npos;
  };
  const bool utf8 = has("UTF-8") || has("utf8") || has("utf-8") || has("UTF8");
  if (!utf8) return MotdLanguage::Ascii;
  return chosen.starts_with("zh") ? MotdLanguage::Chinese : MotdLanguage::English;
}

std::string motd_text(const MotdFacts& facts, MotdLanguage language, bool colour) {
  const Words& words = language == MotdLanguage::Chinese ? kChinese : kEnglish;
  const Box& box = language == MotdLanguage::Ascii ? kAscii : kDouble;
  const std::string rule = "+" + std::string(kRule, '-') + "+\n";
  const auto green = [colour](std::string_view text) {
    return colour ? std::string(kGreen).append(text).append(kPlain) : std::string(text);
  };
  const std::size_t label = language == MotdLanguage::Chinese ? 4 : 7;
  const auto line = [&](std::string_view name, const std::string& value) {
    const std::string padding(label - std::min(label, display_width(name)), ' ');
    return green(name) + padding + std::string(words.colon) + value + "\n";
  };
  std::string text = rule + green(words.folders) + "\n" + folder_table(words, box) + "\n";
  if (facts.cpu) text += line(words.cpu, cpu_line(*facts.cpu, words));
  if (facts.memory_known)
    text += line(words.memory, facts.memory_limit ? memory_size(*facts.memory_limit)
                                                  : std::string(words.unlimited));
  if (!facts.npus.empty()) text += line("NPU", gpu_line(facts.npus));
  if (!facts.gpus.empty()) text += line(words.gpu, gpu_line(facts.gpus));
  if (facts.disk)
    text += line(words.storage, "") + green(padded("  " + std::string(words.root_name) + "/", 26)) +
            std::string(words.colon) + disk_line(*facts.disk) + "\n";
  return text + rule;
}

}  // namespace bootsman
