#include "steps/sshd_config.h"

#include <fnmatch.h>

#include <algorithm>

#include "base/letter_case.h"
#include "base/text.h"
#include "steps/text_block.h"

namespace bootsman {
namespace {

constexpr int kIncludeDepthMax = 16;  // as sshd's own

/// "Keyword value", "Keyword=value", "Keyword = value" into its two parts.
std::pair<std::string, std::string> split_line(std::string_view line) {
  line = trim(line);
  const auto end = line.find_first_of(" \t=");
  const std::string keyword = lower(line.substr(0, end));
  if (end == std::string_view::npos) return {keyword, ""};
  std::string_view value = trim(line.substr(end));
  if (value.starts_with('=')) value = trim(value.substr(1));
  if (value.size() >= 2 && value.front() == '"' && value.find('"', 1) == value.size() - 1)
    value = value.substr(1, value.size() - 2);
  return {keyword, std::string(value)};
}

std::string in_ssh_folder(std::string_view pattern) {
  return (pattern.starts_with('/') ? "" : "/etc/ssh/") + std::string(pattern);
}

class Reader {
 public:
  explicit Reader(const StepFacts& facts) : facts_(facts) {}

  void read(const std::string& path, int depth) {
    if (depth > kIncludeDepthMax) return;
    const auto text = facts_.files->read(path);
    if (!text) return;
    const std::string rest = without_block(*text, kSshBlock);
    std::size_t number = 0;
    for (const std::string_view line : lines_of(rest)) {
      ++number;
      if (trim(line).empty() || trim(line).starts_with('#')) continue;
      const auto [keyword, value] = split_line(line);
      if (keyword == "match") return;
      if (keyword == "include")
        for (const std::string_view pattern : split(value, ' ')) include(pattern, depth);
      else
        found.try_emplace(keyword, SshdSetting{value, path, number});
    }
  }

  std::map<std::string, SshdSetting> found;

 private:
  void include(std::string_view pattern, int depth) {
    if (pattern.empty()) return;
    const std::string whole = in_ssh_folder(pattern);
    const auto slash = whole.rfind('/');
    const std::string folder = whole.substr(0, slash);
    const std::string name = whole.substr(slash + 1);
    for (const std::string& entry : facts_.files->list(folder))
      if (::fnmatch(name.c_str(), entry.c_str(), FNM_PERIOD) == 0)
        read(folder + "/" + entry, depth + 1);
  }

  const StepFacts& facts_;
};

}  // namespace

std::map<std::string, SshdSetting> read_sshd_config(const StepFacts& facts,
                                                    const std::string& path) {
  Reader reader(facts);
  reader.read(path, 0);
  return std::move(reader.found);
}

std::optional<std::string> included_by(std::string_view line) {
  const auto [keyword, value] = split_line(line);
  if (keyword != "include" || value.empty() || value.find_first_of(" \t") != std::string::npos)
    return std::nullopt;
  return in_ssh_folder(value);
}

std::string without_appended_lines(std::string_view text) {
  for (;;) {
    std::string_view body = text;
    while (body.ends_with('\n') || body.ends_with('\r')) body.remove_suffix(1);
    const auto start = body.rfind('\n');
    const std::string_view last = start == std::string_view::npos ? body : body.substr(start + 1);
    if (last != "PermitRootLogin yes" && last != "PasswordAuthentication yes") break;
    text = text.substr(0, start == std::string_view::npos ? 0 : start + 1);
  }
  return std::string(text);
}

}  // namespace bootsman
