#include "cli/version_command.h"

#include <features.h>
#include <uv.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "base/version.h"
#include "helper/library_versions.h"
#include "wire/http.h"

namespace bootsman {

namespace {

void line(std::string_view name, std::string_view version) {
  std::printf("%-10.*s %.*s\n", static_cast<int>(name.size()), name.data(),
              static_cast<int>(version.size()), version.data());
}

std::string c_library() {
#ifdef __GLIBC__
  return "glibc " + std::to_string(__GLIBC__) + "." + std::to_string(__GLIBC_MINOR__);
#else
  return "musl";
#endif
}

std::string compiler() {
#ifdef __clang__
  return "clang " __clang_version__;
#else
  return "gcc " __VERSION__;
#endif
}

}  // namespace

int version_command() {
  std::printf("bootsman %.*s\n", static_cast<int>(kVersion.size()), kVersion.data());
  line("compiler", compiler());
  line("C library", c_library());
  line("libuv", uv_version_string());
  line("llhttp", http_parser_version());
  for (const auto& [name, version] : helper_library_versions()) line(name, version);
  return 0;
}

}  // namespace bootsman
