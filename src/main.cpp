#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "sys/own_fault.h"
#include "wrap/tools.h"

#if defined(__GLIBCXX__)
// The library's own handler brings a demangler for the name of what was thrown: 60 KiB.
namespace __gnu_cxx {
void __verbose_terminate_handler() {
  bootsman::end_by_fault("an exception that nothing catches");
}
}  // namespace __gnu_cxx
#endif

int main(int argc, char** argv) {
  constexpr int kFault = 70;
  try {
    if (const auto tool = bootsman::tool_named(argc > 0 ? argv[0] : ""))
      return bootsman::run_tool(*tool, argc, argv);
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    return bootsman::run_command_line(words);
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "bootsman: internal fault: %s\n", fault.what());
    return kFault;
  }
}
