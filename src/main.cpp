#include <cstdio>
#include <string_view>

#include "base/version.h"
#include "shell/run.h"
#include "sys/nss_pin.h"

int main(int argc, char** argv) {
  bootsman::pin_name_services();
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "version") {
    std::printf("bootsman %s\n", bootsman::kVersion.data());
    return 0;
  }
  if (command == "run") {
    bootsman::RunOptions options;
    int at = 2;
    if (argc > at + 1 && std::string_view(argv[at]) == "--config") {
      options.config = argv[at + 1];
      at += 2;
    }
    if (argc > at && std::string_view(argv[at]) == "--") ++at;
    for (; at < argc; ++at) options.command.emplace_back(argv[at]);
    return bootsman::run_command(options);
  }
  std::fputs("usage: bootsman version | run [--config FILE] [-- COMMAND …]\n", stderr);
  return 2;
}
