# Programs of tests/release, linked as the release executable is; built only by that test.
add_executable(lookups_pinned EXCLUDE_FROM_ALL tests/release/lookups.cpp)
add_executable(lookups_unpinned EXCLUDE_FROM_ALL tests/release/lookups.cpp)
target_compile_definitions(lookups_pinned PRIVATE PINNED)
add_executable(transfer EXCLUDE_FROM_ALL tests/release/transfer.cpp)
foreach(probe lookups_pinned lookups_unpinned transfer)
  target_link_libraries(${probe} PRIVATE bootsman_shell bootsman_executable)
endforeach()
add_custom_target(release_probes DEPENDS lookups_pinned lookups_unpinned transfer)
