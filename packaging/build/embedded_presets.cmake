# Compiles config/*.toml in; src/config/embedded.h is the interface.
function(bootsman_embed_presets target)
  file(GLOB presets CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/config/*.toml")
  set(output "${CMAKE_BINARY_DIR}/generated/config/embedded.cpp")
  add_custom_command(
    OUTPUT "${output}"
    COMMAND ${CMAKE_COMMAND} "-DOUTPUT=${output}" "-DPRESETS=${presets}"
            -P "${CMAKE_SOURCE_DIR}/packaging/build/write_embedded_presets.cmake"
    DEPENDS ${presets} "${CMAKE_SOURCE_DIR}/packaging/build/write_embedded_presets.cmake"
    COMMENT "Embedding config/*.toml"
    VERBATIM)
  target_sources(${target} PRIVATE "${output}")
endfunction()
