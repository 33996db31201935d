#include "cli/check_command.h"

#include <array>
#include <cstdio>
#include <optional>

#include "shell/load_config.h"

namespace bootsman {
namespace {

constexpr const char* kUsage =
    "usage: bootsman check [--env] [FILE]\n"
    "\n"
    "Validates the configuration: FILE, else $BOOTSMAN_CONFIG, else\n"
    "/etc/bootsman/bootsman.toml, then /etc/bootsman/conf.d/*.toml.\n"
    "\n"
    "  --env   variables must have values in this environment (else a warning)\n";

std::optional<ConfigRequest> parse_arguments(std::span<const std::string> arguments) {
  ConfigRequest request;
  request.must_resolve = false;
  bool options = true;
  for (const std::string& argument : arguments) {
    if (options && argument == "--") {
      options = false;
    } else if (options && argument == "--env") {
      request.must_resolve = true;
    } else if ((options && argument.starts_with('-')) || request.path) {
      std::fprintf(stderr, "bootsman check: cannot take the argument \"%s\"\n%s", argument.c_str(),
                   kUsage);
      return std::nullopt;
    } else {
      request.path = argument;
    }
  }
  return request;
}

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

int check_command(std::span<const std::string> arguments) {
  if (arguments.size() == 1 && (arguments[0] == "--help" || arguments[0] == "-h")) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  const std::optional<ConfigRequest> request = parse_arguments(arguments);
  if (!request) return 2;
  const LoadedConfig loaded = load_configuration(*request, own_environment());
  for (const std::string& line : loaded.lines()) std::fprintf(stderr, "%s\n", line.c_str());
  if (!loaded.ok()) return 1;
  std::printf("%s\n", summary(loaded).c_str());
  return 0;
}

}  // namespace bootsman
