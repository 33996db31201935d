#include "steps/public_keys.h"

#include <algorithm>

#include "base/text.h"
#include "steps/text_block.h"

namespace bootsman {
namespace {

/// Words by blanks; quotes, in which \" is a quote, keep blanks together.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  std::size_t begin = 0;
  bool quoted = false;
  for (std::size_t at = 0; at <= line.size(); ++at) {
    const bool end = at == line.size() || (!quoted && (line[at] == ' ' || line[at] == '\t'));
    if (!end) {
      if (line[at] == '\\' && quoted)
        at = std::min(at + 1, line.size() - 1);
      else if (line[at] == '"')
        quoted = !quoted;
      continue;
    }
    if (at > begin) words.push_back(line.substr(begin, at - begin));
    begin = at + 1;
  }
  return words;
}

bool is_key_type(std::string_view word) {
  constexpr std::string_view kCertificate = "-cert-v01@openssh.com";
  if (word.ends_with(kCertificate)) word.remove_suffix(kCertificate.size());
  static constexpr std::string_view kTypes[] = {"ssh-ed25519",
                                                "ssh-rsa",
                                                "ssh-dss",
                                                "ecdsa-sha2-nistp256",
                                                "ecdsa-sha2-nistp384",
                                                "ecdsa-sha2-nistp521",
                                                "sk-ssh-ed25519",
                                                "sk-ssh-ed25519@openssh.com",
                                                "sk-ecdsa-sha2-nistp256",
                                                "sk-ecdsa-sha2-nistp256@openssh.com"};
  return std::ranges::find(kTypes, word) != std::end(kTypes);
}

/// RFC 4253: the blob begins with the length of the type's name, below 256 bytes: "AAAA".
bool is_blob(std::string_view word) {
  return word.size() > 32 && word.starts_with("AAAA") && std::ranges::all_of(word, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '/' || c == '=';
         });
}

bool is_key(std::string_view line) {
  const auto words = words_of(line);
  for (std::size_t i = 0; i < 2 && i + 1 < words.size(); ++i)
    if (is_key_type(words[i])) return is_blob(words[i + 1]);
  return false;
}

}  // namespace

Result<PublicKeys> parse_public_keys(std::string_view text, std::string_view origin) {
  PublicKeys keys;
  std::size_t number = 0;
  for (const std::string_view whole : lines_of(text)) {
    const std::string_view line = trim(whole);
    ++number;
    if (line.find("PRIVATE KEY") != std::string_view::npos)
      return fail("cannot use " + std::string(origin) +
                  ": it holds a private key; give the public one, the file that ends in .pub, and "
                  "make a new pair, since this one has been seen");
    if (line.empty() || line.starts_with('#')) continue;
    if (!is_key(line) || line.find('\0') != std::string_view::npos)
      keys.wrong.push_back("line " + std::to_string(number) + " of " + std::string(origin) +
                           " is no public key");
    else if (std::ranges::find(keys.lines, line) == keys.lines.end())
      keys.lines.emplace_back(line);
  }
  return keys;
}

}  // namespace bootsman
