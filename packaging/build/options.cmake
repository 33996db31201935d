# Language level, warnings, sanitizers and hardening of our own code.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# Small wherever it does not matter; src/logs, which every byte of the units passes, is made fast
# in CMakeLists.txt.
set(CMAKE_CXX_FLAGS_RELEASE "-Os -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-Os -DNDEBUG")

# Paths relative to the clone let all clones and presets of one machine share the cache.
find_program(BOOTSMAN_CCACHE ccache)
if(BOOTSMAN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  foreach(language C CXX)
    set(CMAKE_${language}_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1 ${BOOTSMAN_CCACHE})
  endforeach()
endif()

add_library(bootsman_warnings INTERFACE)
target_compile_options(bootsman_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow)
if(BOOTSMAN_WERROR)
  target_compile_options(bootsman_warnings INTERFACE -Werror)
endif()

# gcc 12 sees uninitialised members in every optimised std::variant.
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND NOT CMAKE_BUILD_TYPE STREQUAL Debug)
  target_compile_options(bootsman_warnings INTERFACE -Wno-maybe-uninitialized)
endif()

if(BOOTSMAN_SANITIZE)
  add_compile_options(-fsanitize=${BOOTSMAN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${BOOTSMAN_SANITIZE})
endif()

add_library(bootsman_executable INTERFACE)
if(BOOTSMAN_STATIC)
  # fmt would ask the locale for a thousands separator: half a megabyte of iostreams, never used.
  add_compile_definitions("FMT_STATIC_THOUSANDS_SEPARATOR=','")
  include(CheckIPOSupported)
  check_ipo_supported(RESULT CMAKE_INTERPROCEDURAL_OPTIMIZATION LANGUAGES CXX)  # A tenth smaller.
  add_compile_options(-ffunction-sections -fdata-sections -fstack-protector-strong
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  target_link_options(bootsman_executable INTERFACE
    -static-pie -s -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
  # A tenth of the size of plain relocations, where the linker writes them so and the C library's
  # start-up reads them (binutils 2.38, glibc 2.36): tried by running such an executable.
  include(CheckCXXSourceRuns)
  set(CMAKE_REQUIRED_LINK_OPTIONS -static-pie -Wl,-z,pack-relative-relocs -Wl,--fatal-warnings)
  check_cxx_source_runs("
    const char* const texts[] = {\"a\", \"b\"};
    const char* const* volatile chosen = texts;
    int main() { return *chosen[1] == 'b' ? 0 : 1; }" BOOTSMAN_PACKED_RELOCATIONS)
  unset(CMAKE_REQUIRED_LINK_OPTIONS)
  if(BOOTSMAN_PACKED_RELOCATIONS)
    target_link_options(bootsman_executable INTERFACE -Wl,-z,pack-relative-relocs)
  endif()
endif()
