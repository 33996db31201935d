#include "base/text.h"
#include "steps/catalog.h"

// The steps pip, uv, conda and npm: one small configuration file each.

namespace bootsman {
namespace {

/// What the workspace images wrote before, whatever blanks are around it.
constexpr std::string_view kOldPip =
    "[global]\n"
    "trusted-host = mirrors.aliyun.com\n"
    "index-url = http://mirrors.aliyun.com/pypi/simple";

constexpr std::string_view kOldConda =
    "channels:\n"
    "  - https://mirrors.tuna.tsinghua.edu.cn/anaconda/pkgs/main/\n"
    "  - https://mirrors.tuna.tsinghua.edu.cn/anaconda/pkgs/free/\n"
    "  - https://mirrors.tuna.tsinghua.edu.cn/anaconda/cloud/pytorch/\n"
    "  - defaults\n"
    "show_channel_urls: true";

/// Writes the file unless it is someone's own. `old_text` is nobody's.
Result<StepWork> own_file(const Value& settings, const StepFacts& facts, std::string content,
                          std::string_view old_text) {
  const std::string path = settings.get_string("file");
  auto text = read_if_there(facts, path);
  if (!text) return fail(std::move(text).error());
  auto owner = owner_of(facts, path);
  if (!owner) return fail(std::move(owner).error());
  StepWork work;
  const bool is_old = *text && trim(**text) == old_text;
  if (*owner == Ownership::Foreign && !is_old && **text != content &&
      !settings.get_bool("overwrite", false)) {
    work.notes.push_back("kept " + path + ", which is not ours; overwrite = true replaces it");
    return work;
  }
  const std::string folder = path.substr(0, path.rfind('/'));
  if (!folder.empty() && facts.files->follow(folder).kind != PathFact::Kind::Directory)
    work.changes.push_back(MakeDirectory{folder});
  work.changes.push_back(WriteFile{.path = path, .content = std::move(content)});
  return work;
}

std::string host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  const auto at = url.rfind('@');
  if (at != std::string_view::npos) url.remove_prefix(at + 1);
  return std::string(url);
}

bool one_line(std::string_view text) {
  return text.find_first_of("\r\n") == std::string_view::npos;
}

}  // namespace

Result<StepWork> plan_pip(const Value& settings, const StepFacts& facts) {
  std::string url = settings.get_string("index_url");
  if (url.empty()) return StepWork::skip_unused("index_url is empty");
  if (!one_line(url)) return fail("cannot use index_url: it holds a line break");
  std::string content = written_by("pip") + "[global]\n";
  if (settings.get_bool("insecure", false)) {
    if (url.starts_with("https://")) url.erase(4, 1);
    content += "trusted-host = " + host_of(url) + "\n";
  }
  content += "index-url = " + url + "\n";
  return own_file(settings, facts, std::move(content), kOldPip);
}

Result<StepWork> plan_uv(const Value& settings, const StepFacts& facts) {
  const std::string url = settings.get_string("index_url");
  if (url.empty()) return StepWork::skip_unused("index_url is empty");
  if (url.find_first_of("\"\\") != std::string::npos || !one_line(url))
    return fail("cannot use index_url: it holds a quote, a backslash or a line break");
  std::string content = written_by("uv");
  // A table ends the top level of the file, so it comes last.
  if (settings.get_bool("insecure", false))
    content += "allow-insecure-host = [\"" + host_of(url) + "\"]\n";
  content += "[[index]]\nurl = \"" + url + "\"\ndefault = true\n";
  return own_file(settings, facts, std::move(content), "");
}

Result<StepWork> plan_npm(const Value& settings, const StepFacts& facts) {
  const std::string url = settings.get_string("registry");
  if (url.empty()) return StepWork::skip_unused("registry is empty");
  if (!one_line(url)) return fail("cannot use registry: it holds a line break");
  std::string content = written_by("npm") + "registry=" + url + "\n";
  if (settings.get_bool("insecure", false)) content += "strict-ssl=false\n";
  return own_file(settings, facts, std::move(content), "");
}

Result<StepWork> plan_conda(const Value& settings, const StepFacts& facts) {
  std::string content = written_by("conda") + "channels:\n";
  const auto channels = settings.get_strings("channels");
  if (channels.empty()) return StepWork::skip_unused("channels is empty");
  for (const std::string& channel : channels) {
    if (!one_line(channel)) return fail("cannot use channels: a name holds a line break");
    content += "  - " + channel + "\n";
  }
  content += std::string("show_channel_urls: ") +
             (settings.get_bool("show_channel_urls", true) ? "true" : "false") + "\n";
  return own_file(settings, facts, std::move(content), kOldConda);
}

}  // namespace bootsman
