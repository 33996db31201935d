#include <cstdio>
#include <string_view>

#include "base/version.h"
#include "sys/nss_pin.h"

int main(int argc, char** argv) {
  bootsman::pin_name_services();
  if (argc == 2 && std::string_view(argv[1]) == "version") {
    std::printf("bootsman %s\n", bootsman::kVersion.data());
    return 0;
  }
  std::fputs("usage: bootsman version\n", stderr);
  return 2;
}
