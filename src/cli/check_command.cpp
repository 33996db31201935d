#include "cli/check_command.h"

#include <array>
#include <cstdio>

#include "helper/channel.h"
#include "helper/protocol.h"
#include "shell/load_config.h"

namespace bootsman {
namespace {

std::string counted(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string summary(const LoadedConfig& loaded) {
  std::array<std::size_t, 4> counts{};
  for (const Unit& unit : loaded.plan.units) ++counts[static_cast<std::size_t>(unit.kind)];
  const auto count = [&](UnitKind kind) { return counts[static_cast<std::size_t>(kind)]; };
  std::string text;
  for (const std::string& file : loaded.files) text += (text.empty() ? "" : ", ") + file;
  text += ": good: " + counted(count(UnitKind::Step), "step", "steps") + ", " +
          counted(count(UnitKind::Service), "service", "services");
  if (count(UnitKind::Job) > 0) text += ", 1 job";
  return text;
}

}  // namespace

int read_config_helper() {
  Channel channel(kHelperFd);
  const auto asked = channel.read_request();
  if (!asked) return 1;
  ConfigRequest request;
  if (const std::string path = asked->get_string("path"); !path.empty()) request.path = path;
  request.command_line = asked->get_strings("command_line");
  if (const std::string text = asked->get_string("overlay"); !text.empty())
    request.overlay = SourceText{"overlay", text};
  request.may_open = [&channel](const std::string& path) {
    Value next;
    next.set("reading", path);
    channel.answer(next);
    return true;
  };
  (void)load_configuration(request, own_environment());
  return 0;
}

int check_command(const Invocation& asked) {
  ConfigRequest request;
  request.must_resolve = asked.has("--env");
  if (!asked.words.empty()) request.path = asked.words.front();
  const LoadedConfig loaded = load_configuration(request, own_environment());
  for (const std::string& line : loaded.lines()) std::fprintf(stderr, "%s\n", line.c_str());
  if (!loaded.ok()) return 1;
  std::printf("%s\n", summary(loaded).c_str());
  return 0;
}

}  // namespace bootsman
