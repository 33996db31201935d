#include <algorithm>

#include "base/letter_case.h"
#include "base/text.h"
#include "steps/catalog.h"
#include "steps/text_block.h"

// The steps directories, timezone and locale.

namespace bootsman {
namespace {

constexpr std::string_view kZoneFolder = "/usr/share/zoneinfo/";
constexpr std::string_view kLocaltime = "/etc/localtime";
constexpr std::string_view kTimezone = "/etc/timezone";
constexpr std::string_view kDefaultLocale = "/etc/default/locale";
constexpr std::string_view kLocaleConf = "/etc/locale.conf";  // Fedora, CentOS, Arch

/// "Area/City" as it may stand below the zone folder.
bool is_zone_name(std::string_view name) {
  if (name.empty() || name.starts_with('/') || name.ends_with('/')) return false;
  if (name.find("..") != std::string_view::npos) return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/_-+").find(c) != std::string_view::npos;
  });
}

/// The zone that /etc/localtime links to; empty for none, and for UTC, which every base image has.
std::string chosen_zone(const StepFacts& facts) {
  const PathFact localtime = facts.files->look(std::string(kLocaltime));
  if (localtime.kind != PathFact::Kind::Symlink) return "";
  const auto at = localtime.link.find("zoneinfo/");
  if (at == std::string::npos) return "";
  const std::string zone = localtime.link.substr(at + 9);
  static constexpr std::string_view kUtc[] = {"UTC",     "Etc/UTC", "Universal", "Etc/Universal",
                                              "Etc/GMT", "GMT",     "Zulu",      "UCT"};
  if (std::ranges::find(kUtc, zone) != std::end(kUtc) || !is_zone_name(zone)) return "";
  const bool there = facts.files->follow(std::string(kLocaltime)).kind == PathFact::Kind::File;
  return there ? zone : "";
}

/// "zh_CN.UTF-8" and "zh_CN.utf8" are one locale.
std::string plain_locale(std::string_view name) {
  const auto dot = name.find('.');
  std::string plain(name.substr(0, dot));
  if (dot == std::string_view::npos) return plain;
  plain.push_back('.');
  for (const char c : lower(name.substr(dot + 1)))
    if (c != '-' && c != '_') plain.push_back(c);
  return plain;
}

bool is_locale_name(std::string_view name) {
  return !name.empty() && name[0] != '-' && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_.@-").find(c) != std::string_view::npos;
  });
}

bool always_there(std::string_view plain) {
  return plain == "C" || plain == "POSIX" || plain == "C.utf8";
}

/// LANG as /etc/default/locale has it; empty for none.
std::string lang_of(std::string_view text) {
  std::string lang;
  for (std::string_view line : lines_of(text)) {
    if (!line.starts_with("LANG=")) continue;
    line = trim(line.substr(5));
    if (line.size() >= 2 && (line[0] == '"' || line[0] == '\'') && line.back() == line[0])
      line = line.substr(1, line.size() - 2);
    lang = std::string(line);
  }
  return lang;
}

std::string with_lang(std::string_view text, std::string_view lang) {
  std::string result;
  bool done = false;
  for (const std::string_view line : lines_of(text)) {
    const bool is_lang = line.starts_with("LANG=");
    if (is_lang && done) continue;
    if (is_lang)
      result.append("LANG=").append(lang);
    else
      result.append(line);
    done = done || is_lang;
    result.push_back('\n');
  }
  if (!done) result.append("LANG=").append(lang).append("\n");
  return result;
}

/// Makes sure of the locale, where that can be done here.
void want_locale(const Value& settings, const StepFacts& facts, const std::string& lang,
                 StepWork& work) {
  const std::string plain = plain_locale(lang);
  const auto lister = find_program(facts, "locale");
  if (!lister || always_there(plain)) return;
  const auto known = facts.query({.argv = {*lister, "-a"}, .input = "", .timeout = Millis(5000)});
  if (!known || !known->status.success()) return;
  for (const std::string_view name : lines_of(known->out))
    if (plain_locale(name) == plain) return;
  const auto dot = lang.find('.');
  const std::string language = lang.substr(0, dot);
  const auto maker = find_program(facts, "localedef");
  const bool sources =
      facts.files->follow("/usr/share/i18n/locales/" + language).kind == PathFact::Kind::File;
  if (!settings.get_bool("generate", true) || !maker || !sources || dot == std::string::npos) {
    work.warnings.push_back("the locale " + lang +
                            " is not installed: programs fall back to C; install the package "
                            "locales (or langpacks) in the image");
    return;
  }
  work.changes.push_back(
      RunCommand{{.argv = {*maker, "-i", language, "-f", lang.substr(dot + 1), lang},
                  .input = "",
                  .timeout = Millis(60'000)},
                 "make the locale " + lang});
}

}  // namespace

Result<StepWork> plan_directories(const Value& settings, const StepFacts& facts) {
  const std::string mode_text = settings.get_string("mode");
  std::uint32_t mode = 0;
  for (const char c : mode_text) {
    if (c < '0' || c > '7' || mode > 0777) return fail("cannot use mode \"" + mode_text + "\"");
    mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
  }
  StepWork work;
  for (const std::string& path : settings.get_strings("paths")) {
    if (!path.starts_with('/')) return fail("cannot create \"" + path + "\": write the whole path");
    const PathFact there = facts.files->follow(path);
    if (there.kind == PathFact::Kind::Directory) continue;
    if (there.kind != PathFact::Kind::Missing)
      return fail("cannot create the folder " + path + ": a file is in its place");
    work.changes.push_back(MakeDirectory{path, mode});
  }
  return work;
}

Result<StepWork> plan_timezone(const Value& settings, const StepFacts& facts) {
  std::string zone = settings.get_string("zone");
  if (zone.empty()) zone = facts.env_or("TZ", "");
  if (zone.starts_with(':')) zone.erase(0, 1);
  if (zone.empty()) zone = chosen_zone(facts);
  if (zone.empty()) zone = "Asia/Shanghai";
  const std::string file = std::string(kZoneFolder) + zone;
  if (!is_zone_name(zone))
    return StepWork::skip("\"" + printable(zone) +
                          "\" is no name of a time zone such as "
                          "Asia/Shanghai; programs read it from TZ all the same");
  if (facts.files->follow(file).kind != PathFact::Kind::File)
    return StepWork::skip(file + " does not exist: install tzdata in the image");
  StepWork work;
  const std::string localtime(kLocaltime);
  const auto have = read_if_there(facts, localtime);
  const auto want = facts.files->read(file);
  // A copy or a mounted file of the same zone is as good as our link.
  const bool same = have && *have && want && **have == *want &&
                    facts.files->look(localtime).kind == PathFact::Kind::File;
  if (!same) work.changes.push_back(MakeLink{localtime, file});
  work.changes.push_back(WriteFile{.path = std::string(kTimezone), .content = zone + "\n"});
  return work;
}

Result<StepWork> plan_locale(const Value& settings, const StepFacts& facts) {
  const std::string file(kDefaultLocale);
  auto text = read_if_there(facts, file);
  if (!text) return fail(std::move(text).error());
  auto conf = read_if_there(facts, std::string(kLocaleConf));
  if (!conf) return fail(std::move(conf).error());
  const std::string old = text->value_or("");
  std::string lang = settings.get_string("lang");
  if (lang.empty()) lang = facts.env_or("LANG", "");
  if (lang.empty()) lang = lang_of(old);
  if (lang.empty()) lang = lang_of(conf->value_or(""));
  if (lang.empty()) lang = "zh_CN.UTF-8";
  if (!is_locale_name(lang)) return fail("cannot use \"" + printable(lang) + "\" as a locale");
  StepWork work;
  want_locale(settings, facts, lang, work);
  if (facts.files->follow("/etc/default").kind != PathFact::Kind::Directory)
    work.changes.push_back(MakeDirectory{"/etc/default"});
  const auto put = [&](const std::string& path, const std::string& before) {
    const bool set = lang_of(before) == lang;
    work.changes.push_back(
        WriteFile{.path = path, .content = set ? before : with_lang(before, lang)});
  };
  put(file, old);
  // Where a distribution has this file its login shells read it, and not ours.
  if (*conf) put(std::string(kLocaleConf), **conf);
  if (!facts.env.contains("LANG")) work.env.push_back({"LANG", lang});
  return work;
}

}  // namespace bootsman
