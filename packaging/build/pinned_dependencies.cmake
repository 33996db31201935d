# deps::llhttp, deps::mbedtls, deps::curl and deps::archive: built once from pinned sources by
# build-deps.sh, into a folder that all presets share. BOOTSMAN_DEPS_DIR in the environment lets
# several clones share it.
set(BOOTSMAN_DEPS_ROOT "${CMAKE_SOURCE_DIR}/build/deps")
if(DEFINED ENV{BOOTSMAN_DEPS_DIR})
  set(BOOTSMAN_DEPS_ROOT "$ENV{BOOTSMAN_DEPS_DIR}")
endif()

# Whatever changes the archives is in the folder's name: the recipe, the compiler, c-ares.
set(recipe "${CMAKE_SYSTEM_PROCESSOR} ${BOOTSMAN_cares_ARCHIVE}")
foreach(file build-deps.sh bootsman_mbedtls_config.h mbedtls_entropy.c bootsman_libarchive_config.h)
  set(path "${CMAKE_SOURCE_DIR}/packaging/build/${file}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${path}")
  file(SHA256 "${path}" hash)
  string(APPEND recipe " ${hash}")
endforeach()
execute_process(COMMAND gcc -dumpfullversion OUTPUT_VARIABLE compiler ERROR_QUIET)
string(SHA256 recipe "${recipe} ${compiler}")
string(SUBSTRING "${recipe}" 0 16 recipe)
set(BOOTSMAN_DEPS_PREFIX "${BOOTSMAN_DEPS_ROOT}/${recipe}")

if(NOT EXISTS "${BOOTSMAN_DEPS_PREFIX}/.complete")
  message(STATUS "Building llhttp, mbedTLS, curl and libarchive in ${BOOTSMAN_DEPS_PREFIX} (once, about a minute)")
  execute_process(
    COMMAND ${CMAKE_COMMAND} -E env CC=gcc "${CMAKE_SOURCE_DIR}/packaging/build/build-deps.sh"
            "${BOOTSMAN_DEPS_PREFIX}" "${BOOTSMAN_cares_INCLUDE}" "${BOOTSMAN_cares_ARCHIVE}"
    RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "cannot build the pinned libraries: the reason stands above")
  endif()
endif()

# bootsman_pinned_library(NAME FOLDER ARCHIVE [NEEDED…])
function(bootsman_pinned_library name folder archive)
  bootsman_import(${name} "${BOOTSMAN_DEPS_PREFIX}/${folder}/include"
    "${BOOTSMAN_DEPS_PREFIX}/${folder}/lib/${archive}" ${ARGN})
endfunction()

bootsman_pinned_library(llhttp llhttp libllhttp.a)
bootsman_pinned_library(p256m mbedtls libp256m.a)
bootsman_pinned_library(everest mbedtls libeverest.a)
bootsman_pinned_library(mbedcrypto mbedtls libmbedcrypto.a deps::p256m deps::everest)
bootsman_pinned_library(mbedx509 mbedtls libmbedx509.a deps::mbedcrypto)
bootsman_pinned_library(mbedtls mbedtls libmbedtls.a deps::mbedx509)
target_compile_definitions(deps_mbedcrypto INTERFACE
  "MBEDTLS_USER_CONFIG_FILE=\"${BOOTSMAN_DEPS_PREFIX}/mbedtls/include/bootsman_mbedtls_config.h\"")
bootsman_pinned_library(curl curl libcurl.a deps::mbedtls deps::cares)
target_compile_definitions(deps_curl INTERFACE CURL_STATICLIB)
bootsman_pinned_library(archive libarchive libarchive.a deps::z)
