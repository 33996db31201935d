# Every third-party library under one name, deps::NAME, and nothing else of it: the distributions'
# own CMake targets drag shared objects in, so headers and archives are looked up directly.

function(bootsman_no_package what package)
  message(FATAL_ERROR "cannot find ${what}: install the package ${package} "
    "(packaging/install-build-deps.sh installs all that is needed)")
endfunction()

function(bootsman_header_library name header package)
  find_path(BOOTSMAN_${name}_INCLUDE "${header}")
  if(NOT BOOTSMAN_${name}_INCLUDE)
    bootsman_no_package("the header ${header}" ${package})
  endif()
  add_library(deps_${name} INTERFACE)
  add_library(deps::${name} ALIAS deps_${name})
  target_include_directories(deps_${name} SYSTEM INTERFACE "${BOOTSMAN_${name}_INCLUDE}")
endfunction()

# A real imported archive, so that CMake keeps it behind what needs it on the linker's line.
function(bootsman_import name include archive)
  add_library(deps_${name} STATIC IMPORTED)
  add_library(deps::${name} ALIAS deps_${name})
  set_target_properties(deps_${name} PROPERTIES
    IMPORTED_LOCATION "${archive}"
    INTERFACE_INCLUDE_DIRECTORIES "${include}"
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${include}")
  target_link_libraries(deps_${name} INTERFACE ${ARGN})
endfunction()

function(bootsman_archive_library name header archive package)
  find_path(BOOTSMAN_${name}_INCLUDE "${header}")
  find_library(BOOTSMAN_${name}_ARCHIVE NAMES ${archive})
  if(NOT BOOTSMAN_${name}_INCLUDE OR NOT BOOTSMAN_${name}_ARCHIVE)
    bootsman_no_package("${header} and its static library" ${package})
  endif()
  bootsman_import(${name} "${BOOTSMAN_${name}_INCLUDE}" "${BOOTSMAN_${name}_ARCHIVE}" ${ARGN})
endfunction()

bootsman_header_library(expected tl/expected.hpp libexpected-dev)
bootsman_header_library(json nlohmann/json.hpp nlohmann-json3-dev)
bootsman_header_library(toml toml++/toml.h libtomlplusplus-dev)
bootsman_header_library(doctest doctest/doctest.h doctest-dev)
bootsman_header_library(fmt fmt/format.h libfmt-dev)
bootsman_header_library(spdlog spdlog/spdlog.h libspdlog-dev)
target_compile_definitions(deps_toml INTERFACE TOML_HEADER_ONLY=1)
target_compile_definitions(deps_spdlog INTERFACE FMT_HEADER_ONLY=1 SPDLOG_FMT_EXTERNAL=1)
target_link_libraries(deps_spdlog INTERFACE deps::fmt)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
bootsman_archive_library(uv uv.h "libuv_a.a;libuv.a" libuv1-dev
  Threads::Threads ${CMAKE_DL_LIBS} rt)
bootsman_archive_library(cares ares.h libcares.a libc-ares-dev)
bootsman_archive_library(z zlib.h libz.a zlib1g-dev)
# The sanitizers' runtime puts itself before crypt(3) and looks for the real one among shared libraries only.
if(BOOTSMAN_SANITIZE)
  bootsman_archive_library(crypt crypt.h libcrypt.so libcrypt-dev)
else()
  bootsman_archive_library(crypt crypt.h libcrypt.a libcrypt-dev)
endif()

include(pinned_dependencies)
