#include <algorithm>

#include "base/text.h"
#include "plan/endpoint.h"
#include "steps/catalog.h"
#include "steps/text_block.h"

// The steps resolv and hosts. Container runtimes make both files, mostly as mounts, anew at each
// start: so what is theirs stays, and ours stands in marked blocks beside it.

namespace bootsman {
namespace {

/// RFC 1123, and the underscore that names in clusters have.
bool is_host_name(std::string_view name) {
  return !name.empty() && name.size() <= 253 && name[0] != '-' && name[0] != '.' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.' || c == '_';
         });
}

/// A word that resolv.conf(5) takes as one.
bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

std::size_t count_servers(std::string_view text) {
  const auto lines = lines_of(text);
  return static_cast<std::size_t>(std::ranges::count_if(
      lines, [](std::string_view line) { return line.starts_with("nameserver"); }));
}

Result<std::string> server_lines(const std::vector<std::string>& servers) {
  std::string body;
  for (const std::string& server : servers) {
    // A link-local address needs its zone, which is the kernel's to judge.
    if (!is_ip_address(server.substr(0, server.find('%'))) || !is_word(server))
      return fail("cannot use the name server \"" + printable(server, 60) +
                  "\": write a numeric address");
    body += "nameserver " + server + "\n";
  }
  return body;
}

Result<std::string> word_line(std::string_view keyword, const std::vector<std::string>& words) {
  if (words.empty()) return std::string();
  std::string line(keyword);
  for (const std::string& word : words) {
    if (!is_word(word))
      return fail("cannot use \"" + printable(word, 60) + "\" as a word of " +
                  std::string(keyword) + ": it is empty or holds a blank");
    line += " " + word;
  }
  return line + "\n";
}

/// The text, or nothing where there is neither a file nor anything to put into one.
Result<std::optional<std::string>> present(const StepFacts& facts, const std::string& path,
                                           bool wanted) {
  auto text = read_if_there(facts, path);
  if (!text) return fail(std::move(text).error());
  if (!*text && !wanted) return std::nullopt;
  return text->value_or("");
}

}  // namespace

Result<StepWork> plan_resolv(const Value& settings, const StepFacts& facts) {
  const std::string path = settings.get_string("file");
  auto servers = server_lines(settings.get_strings("nameservers"));
  if (!servers) return fail(std::move(servers).error());
  auto search = word_line("search", settings.get_strings("search"));
  if (!search) return fail(std::move(search).error());
  auto options = word_line("options", settings.get_strings("options"));
  if (!options) return fail(std::move(options).error());
  const std::string last = *search + *options;
  auto text = present(facts, path, !servers->empty() || !last.empty());
  if (!text) return fail(std::move(text).error());
  if (!*text) return StepWork::skip_unused("nothing is set");
  // Resolvers ask the first name servers first, but let the last search and options win.
  std::string content = with_block(**text, "nameservers", *servers, BlockPlace::Top);
  content = with_block(content, "search", last, BlockPlace::End);
  if (content == **text && servers->empty() && last.empty())
    return StepWork::skip_unused("nothing is set");
  StepWork work;
  constexpr std::size_t kServersAsked = 3;  // MAXNS of <resolv.h>.
  if (!servers->empty() && count_servers(content) > kServersAsked)
    work.notes.push_back(path + " now names " + std::to_string(count_servers(content)) +
                         " name servers; programs ask the first three");
  work.changes.push_back(WriteFile{.path = path, .content = std::move(content)});
  return work;
}

Result<StepWork> plan_hosts(const Value& settings, const StepFacts& facts) {
  const std::string path = settings.get_string("file");
  std::string body;
  for (const auto& [address, names] : string_pairs(settings, "entries")) {
    if (!is_ip_address(address))
      return fail("cannot use the host entry \"" + printable(address, 60) +
                  "\": write \"ADDRESS\" = \"NAME NAME\" with a numeric address");
    std::string line = address;
    for (const std::string_view name : split(names, ' ')) {
      if (name.empty()) continue;
      if (!is_host_name(name))
        return fail("cannot use \"" + printable(name, 60) + "\" as a name of " + address +
                    ": it is no host name");
      line.append(" ").append(name);
    }
    if (line == address) return fail("cannot use the host entry " + address + ": it has no name");
    body += line + "\n";
  }
  auto text = present(facts, path, !body.empty());
  if (!text) return fail(std::move(text).error());
  if (!*text) return StepWork::skip_unused("nothing is set");
  std::string content = with_block(**text, "hosts", body, BlockPlace::End);
  if (body.empty() && content == **text) return StepWork::skip_unused("nothing is set");
  StepWork work;
  work.changes.push_back(WriteFile{.path = path, .content = std::move(content)});
  return work;
}

}  // namespace bootsman
