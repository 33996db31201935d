# unit_tests links the pure library alone; shell_tests may touch the world.
# doctest's main is compiled once for both.
add_library(doctest_main STATIC tests/lib/doctest_main.cpp)
target_link_libraries(doctest_main PUBLIC deps::doctest)

function(bootsman_test_executable name folder library)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/${folder}/*_test.cpp")
  if(sources)
    add_executable(${name} ${sources})
    target_include_directories(${name} PRIVATE tests)
    # Where golden files and the pages that tests compare lie.
    target_compile_definitions(${name} PRIVATE "BOOTSMAN_SOURCE_DIR=\"${CMAKE_SOURCE_DIR}\"")
    target_link_libraries(${name} PRIVATE ${library} doctest_main bootsman_warnings)
  endif()
endfunction()

bootsman_test_executable(unit_tests unit bootsman_pure)
if(BOOTSMAN_SANITIZE)
  set_source_files_properties(tests/unit/core/walk_test.cpp tests/unit/core/simulator_test.cpp
    PROPERTIES COMPILE_OPTIONS "-O1;$<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>")
endif()
bootsman_test_executable(shell_tests shell_unit bootsman_shell)

# libFuzzer targets, one executable per file, only where the preset asks for them.
if(BOOTSMAN_SANITIZE MATCHES "fuzzer")
  file(GLOB fuzzers CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/fuzz/*_fuzz.cpp")
  foreach(source IN LISTS fuzzers)
    get_filename_component(name "${source}" NAME_WE)
    add_executable(${name} "${source}")
    target_include_directories(${name} PRIVATE tests)
    target_link_libraries(${name} PRIVATE bootsman_pure bootsman_warnings)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  endforeach()
  # All that it needs of the other library.
  target_sources(archive_fuzz PRIVATE src/helper/archive.cpp src/helper/archive_reader.cpp
    src/helper/archive_tree.cpp src/sys/fd.cpp)
  target_link_libraries(archive_fuzz PRIVATE deps::archive)
endif()
