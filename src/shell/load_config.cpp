#include "shell/load_config.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include "base/text.h"
#include "config/load.h"
#include "plan/make_plan.h"

namespace bootsman {
namespace {

/// A configuration is written by hand; what is larger is something else.
constexpr std::size_t kConfigMax = 1024 * 1024;
constexpr std::size_t kValueMax = 64 * 1024;
constexpr std::size_t kAccountsMax = 16 * 1024 * 1024;
constexpr std::size_t kFilesMax = 256;

tl::unexpected<Error> cannot_read(const std::string& path, std::string_view why) {
  return fail("cannot read " + printable(path) + ": " + std::string(why));
}

Result<std::string> read_small(const std::string& path, std::size_t limit) {
  // O_NONBLOCK: a FIFO must not hang the init; it is refused below.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return cannot_read(path, std::strerror(errno));
  const auto done = [fd](Result<std::string> result) {
    ::close(fd);
    return result;
  };
  struct stat info = {};
  if (::fstat(fd, &info) != 0) return done(cannot_read(path, std::strerror(errno)));
  if (S_ISDIR(info.st_mode)) return done(cannot_read(path, "it is a directory"));
  if (!S_ISREG(info.st_mode)) return done(cannot_read(path, "it is not a regular file"));
  std::string text;
  char buffer[16 * 1024];
  while (true) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return done(cannot_read(path, std::strerror(errno)));
    if (got == 0) return done(std::move(text));
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > limit) return done(cannot_read(path, "it is larger than " + say_size(limit)));
  }
}

/// The names of DIR/*.toml in byte order. A folder that does not exist has none.
Result<std::vector<std::string>> toml_files(const std::string& folder) {
  std::vector<std::string> files;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), ::closedir);
  if (!dir && (errno == ENOENT || errno == ENOTDIR)) return files;
  if (!dir) return fail("cannot read " + folder + ": " + std::strerror(errno));
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name.ends_with(".toml") && !name.starts_with('.'))
      files.push_back(folder + "/" + std::string(name));
    if (files.size() > kFilesMax)
      return fail("cannot read " + folder + ": it holds more than " + std::to_string(kFilesMax) +
                  " files");
  }
  std::ranges::sort(files);
  return files;
}

Result<std::string> interface_address(const std::string& interface) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0)
    return fail(std::string("cannot list network interfaces: ") + std::strerror(errno));
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
  std::string v6;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || interface != one->ifa_name) continue;
    char text[INET6_ADDRSTRLEN] = {};
    if (one->ifa_addr->sa_family == AF_INET) {
      const auto* address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
      if (::inet_ntop(AF_INET, &address->sin_addr, text, sizeof text) != nullptr) return text;
    }
    if (one->ifa_addr->sa_family == AF_INET6 && v6.empty()) {
      const auto* address = reinterpret_cast<const sockaddr_in6*>(one->ifa_addr);
      if (IN6_IS_ADDR_LINKLOCAL(&address->sin6_addr)) continue;
      if (::inet_ntop(AF_INET6, &address->sin6_addr, text, sizeof text) != nullptr) v6 = text;
    }
  }
  if (!v6.empty()) return v6;
  return fail("cannot find an address of the network interface \"" + printable(interface, 40) +
              "\"");
}

bool may_open(const ConfigRequest& request, const std::string& path) {
  return !request.may_open || request.may_open(path);
}

Result<std::string> read_if_allowed(const ConfigRequest& request, const std::string& path,
                                    std::size_t limit) {
  if (!may_open(request, path)) return cannot_read(path, "it may not be opened here");
  return read_small(path, limit);
}

/// Reads the texts of the configuration in the order of merging.
std::vector<SourceText> read_sources(const ConfigRequest& request, const Environment& env,
                                     LoadedConfig& loaded) {
  Diagnostics& diagnostics = loaded.diagnostics;
  std::vector<SourceText> sources;
  const auto add = [&](const std::string& path) {
    loaded.read_files.push_back(path);
    Result<std::string> text = read_if_allowed(request, path, kConfigMax);
    if (text)
      sources.push_back({path, std::move(*text)});
    else
      diagnostics.error({}, "", text.error().message());
  };
  const auto exists = [&](const std::string& path) {
    return !may_open(request, path) || ::access(path.c_str(), F_OK) == 0 || errno != ENOENT;
  };
  const auto chosen = env.find("BOOTSMAN_CONFIG");
  if (request.path)
    add(*request.path);
  else if (chosen != env.end() && !chosen->second.empty())
    add(chosen->second);
  else if (exists(request.default_path))
    add(request.default_path);
  const Result<std::vector<std::string>> files =
      may_open(request, request.folder) ? toml_files(request.folder)
                                        : cannot_read(request.folder, "it may not be opened here");
  if (!files) diagnostics.error({}, "", files.error().message());
  if (files)
    for (const std::string& file : *files) add(file);
  if (request.overlay) sources.push_back(*request.overlay);
  return sources;
}

ConfigFacts config_facts(const ConfigRequest& request, const Environment& env,
                         std::vector<std::string>& read_files) {
  ConfigFacts facts;
  facts.env = env;
  facts.read_file = [&request, &read_files](const std::string& path) {
    read_files.push_back(path);
    return read_if_allowed(request, path, kValueMax);
  };
  facts.address_of = interface_address;
  facts.must_resolve = request.must_resolve;
  return facts;
}

PlanFacts plan_facts(const ConfigRequest& request, const Environment& env) {
  PlanFacts facts;
  facts.env = env;
  // Without them numbers still work; a name that is then unknown says which file it is not in.
  const auto text_of = [](const char* path) {
    return [path, text = std::optional<std::string>()]() mutable -> std::string_view {
      if (!text) text = read_small(path, kAccountsMax).value_or("");
      return *text;
    };
  };
  facts.passwd = text_of("/etc/passwd");
  facts.group = text_of("/etc/group");
  facts.uid = ::geteuid();
  facts.command_line = request.command_line;
  facts.read_file = [&request](const std::string& path) {
    return read_if_allowed(request, path, kValueMax);
  };
  facts.must_resolve = request.must_resolve;
  return facts;
}

}  // namespace

std::vector<std::string> LoadedConfig::lines() const {
  std::vector<std::string> lines;
  for (const Diagnostic& diagnostic : diagnostics.all())
    lines.push_back(to_text(diagnostic, files));
  return lines;
}

LoadedConfig load_configuration(const ConfigRequest& request, const Environment& env) {
  LoadedConfig loaded;
  const std::vector<SourceText> sources = read_sources(request, env, loaded);
  const bool all_read = !loaded.diagnostics.has_errors();
  LoadResult read = load(sources, config_facts(request, env, loaded.read_files));
  if (!all_read) read.config.complete = false;
  PlanResult planned = make_plan(read.config, plan_facts(request, env));
  loaded.diagnostics.append(read.diagnostics);
  loaded.diagnostics.append(planned.diagnostics);
  loaded.diagnostics.sort();
  loaded.files = std::move(read.config.files);
  loaded.plan = std::move(planned.plan);
  loaded.web = std::move(planned.web);
  return loaded;
}

Environment own_environment() {
  Environment env;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    // The first of two wins, as for getenv(3).
    env.emplace(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
  }
  return env;
}

}  // namespace bootsman
