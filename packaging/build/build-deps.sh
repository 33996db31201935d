#!/usr/bin/env bash
# Usage: build-deps.sh PREFIX CARES_INCLUDE_DIR CARES_ARCHIVE
# Builds the libraries that distributions do not offer as archives, or with far more than is used here,
# into PREFIX (llhttp/, mbedtls/, curl/, libarchive/, each with include/ and lib/) from pinned sources,
# once: a PREFIX that holds the file .complete is left alone. Fetched archives are kept in archives/ beside PREFIX. CC names the compiler.
set -euo pipefail
PREFIX=$1
CARES_INCLUDE=$2
CARES_ARCHIVE=$3
HERE=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$(dirname "$PREFIX")"
ARCHIVES=$(cd "$(dirname "$PREFIX")" && pwd)/archives
. "$HERE/fetch.sh"

export CC=${CC:-cc}
CONFIG="-DMBEDTLS_USER_CONFIG_FILE='\"$PREFIX/mbedtls/include/bootsman_mbedtls_config.h\"'"
# No exception passes through these libraries, so none needs tables to unwind them.
SIZE="-Os -g0 -fPIC -ffunction-sections -fdata-sections -fstack-protector-strong
  -fno-asynchronous-unwind-tables -fno-unwind-tables"
SIZE=$(echo $SIZE)  # One line: it is also handed to cmake.

build_llhttp() {
  fetch llhttp \
    "pool:l/llhttp/libllhttp-source_9.4.3+~cs12.11.9-2_all.deb" \
    8a70cbc1d310f51a7d5594d258eeb6ef57db6fbc1c58065407c203a03abadf2e \
    https://github.com/nodejs/llhttp/archive/refs/tags/release/v9.4.3.tar.gz \
    1eb813c7437b31a87496a1cd3ed79f00746720f5e7e29c79b42c02cb69f36c39 \
    pip:httptools==0.9.0 \
    d484ebb7e3a3f3597b0f645fbd1b85633674ca808c1f5ba11c2caf7c66f5c8b6
  mkdir -p "$WORK/llhttp" "$PREFIX/llhttp/include" "$PREFIX/llhttp/lib"
  case $fetched in
    *.deb) dpkg-deb -x "$fetched" "$WORK/llhttp" ;;
    *) tar -xf "$fetched" -C "$WORK/llhttp" ;;
  esac
  local header source
  header=$(find "$WORK/llhttp" -path '*/include/llhttp.h')
  cp "$header" "$PREFIX/llhttp/include/"
  cd "$(dirname "$header")/../src"
  for source in api http llhttp; do
    $CC $SIZE -O2 -I"$PREFIX/llhttp/include" -c "$source.c"
  done
  ar rcs "$PREFIX/llhttp/lib/libllhttp.a" api.o http.o llhttp.o
}

build_mbedtls() {
  fetch mbedtls \
    pool:m/mbedtls/mbedtls_3.6.6.orig.tar.bz2 \
    8fb65fae8dcae5840f793c0a334860a411f884cc537ea290ce1c52bb64ca007a \
    https://github.com/Mbed-TLS/mbedtls/releases/download/mbedtls-3.6.6/mbedtls-3.6.6.tar.bz2 \
    8fb65fae8dcae5840f793c0a334860a411f884cc537ea290ce1c52bb64ca007a
  mkdir -p "$PREFIX/mbedtls/include"
  tar -xf "$fetched" -C "$WORK"
  cp "$HERE/bootsman_mbedtls_config.h" "$PREFIX/mbedtls/include/"
  cmake -S "$WORK/mbedtls-3.6.6" -B "$WORK/mbedtls" -G Ninja -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_C_FLAGS="$SIZE $CONFIG" -DCMAKE_INSTALL_PREFIX="$PREFIX/mbedtls" \
    -DCMAKE_INSTALL_LIBDIR=lib -DENABLE_TESTING=OFF -DENABLE_PROGRAMS=OFF -DGEN_FILES=OFF \
    -DMBEDTLS_FATAL_WARNINGS=OFF
  cmake --build "$WORK/mbedtls" -j"$(nproc)" --target install
  $CC $SIZE -c "$HERE/mbedtls_entropy.c" -o "$WORK/mbedtls_entropy.o"
  ar rs "$PREFIX/mbedtls/lib/libmbedcrypto.a" "$WORK/mbedtls_entropy.o"
}

# Everything that Bootsman does not use is off: no protocol but HTTP(S), no netrc, no redirects' helpers.
CURL_OFF="BUILD_CURL_EXE BUILD_SHARED_LIBS BUILD_TESTING BUILD_LIBCURL_DOCS BUILD_MISC_DOCS
  BUILD_EXAMPLES ENABLE_CURL_MANUAL CURL_USE_LIBPSL CURL_USE_LIBSSH2 USE_LIBIDN2 USE_NGHTTP2
  CURL_BROTLI CURL_ZSTD CURL_ZLIB CURL_USE_OPENSSL CURL_USE_PKGCONFIG CURL_ENABLE_EXPORT_TARGET
  CURL_CA_FALLBACK CURL_USE_GSSAPI"
CURL_ON="BUILD_STATIC_LIBS HTTP_ONLY CURL_USE_MBEDTLS ENABLE_ARES CURL_DISABLE_INSTALL
  CURL_DISABLE_ALTSVC CURL_DISABLE_COOKIES CURL_DISABLE_DIGEST_AUTH CURL_DISABLE_DOH
  CURL_DISABLE_FORM_API CURL_DISABLE_HSTS CURL_DISABLE_IPFS CURL_DISABLE_KERBEROS_AUTH
  CURL_DISABLE_LDAP CURL_DISABLE_MIME CURL_DISABLE_NEGOTIATE_AUTH CURL_DISABLE_NETRC
  CURL_DISABLE_NTLM CURL_DISABLE_PROGRESS_METER CURL_DISABLE_WEBSOCKETS"

build_curl() {
  fetch curl \
    pool:c/curl/curl_8.14.1.orig.tar.gz \
    6766ada7101d292b42b8b15681120acd68effa4a9660935853cf6d61f0d984d4 \
    https://curl.se/download/curl-8.14.1.tar.gz \
    6766ada7101d292b42b8b15681120acd68effa4a9660935853cf6d61f0d984d4
  tar -xf "$fetched" -C "$WORK"
  local tls=$PREFIX/mbedtls
  cmake -S "$WORK/curl-8.14.1" -B "$WORK/curl" -G Ninja -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_C_FLAGS="$SIZE $CONFIG" -DCURL_CA_BUNDLE=none -DCURL_CA_PATH=none \
    -DMBEDTLS_INCLUDE_DIR="$tls/include" -DMBEDTLS_LIBRARY="$tls/lib/libmbedtls.a" \
    -DMBEDX509_LIBRARY="$tls/lib/libmbedx509.a" -DMBEDCRYPTO_LIBRARY="$tls/lib/libmbedcrypto.a" \
    -DCARES_INCLUDE_DIR="$CARES_INCLUDE" -DCARES_LIBRARY="$CARES_ARCHIVE" \
    $(printf -- '-D%s=OFF ' $CURL_OFF) $(printf -- '-D%s=ON ' $CURL_ON)
  cmake --build "$WORK/curl" -j"$(nproc)" --target libcurl_static
  mkdir -p "$PREFIX/curl/include" "$PREFIX/curl/lib"
  cp "$WORK/curl/lib/libcurl.a" "$PREFIX/curl/lib/"
  cp -r "$WORK/curl-8.14.1/include/curl" "$PREFIX/curl/include/"
}

# The readers of tar and zip, and what they stand on: no writer, no filter, no other format.
LIBARCHIVE="acl check_magic cryptor entry entry_sparse entry_xattr hmac ppmd8 rb read
  read_add_passphrase read_support_format_tar read_support_format_zip string string_sprintf util virtual"

build_libarchive() {
  fetch libarchive \
    pool:liba/libarchive/libarchive_3.7.4.orig.tar.xz \
    f887755c434a736a609cbd28d87ddbfbe9d6a3bb5b703c22c02f6af80a802735 \
    https://www.libarchive.org/downloads/libarchive-3.7.4.tar.xz \
    f887755c434a736a609cbd28d87ddbfbe9d6a3bb5b703c22c02f6af80a802735
  mkdir -p "$PREFIX/libarchive/include" "$PREFIX/libarchive/lib"
  tar -xf "$fetched" -C "$WORK" libarchive-3.7.4/libarchive
  cd "$WORK/libarchive-3.7.4/libarchive"
  cp archive.h archive_entry.h "$PREFIX/libarchive/include/"
  local source objects=""
  for source in $LIBARCHIVE; do
    $CC $SIZE -DPLATFORM_CONFIG_H="\"$HERE/bootsman_libarchive_config.h\"" -c "archive_$source.c"
    objects+=" archive_$source.o"
  done
  ar rcs "$PREFIX/libarchive/lib/libarchive.a" $objects
}

# One build at a time, also where several clones share the folder.
exec 9>"$PREFIX.lock"
flock 9
[ -e "$PREFIX/.complete" ] && exit 0
rm -rf "$PREFIX"
mkdir -p "$PREFIX"
WORK=$PREFIX/work
mkdir -p "$WORK"
LOG=$PREFIX.log
: >"$LOG"
for library in llhttp mbedtls curl libarchive; do
  echo "building $library"
  set +e
  (set -e; build_$library) >>"$LOG" 2>"$WORK/errors"
  result=$?
  set -e
  if [ $result -ne 0 ]; then
    tail -n 30 "$WORK/errors" >&2
    echo "cannot build $library; the rest of the output is in $LOG" >&2
    exit 1
  fi
done
rm -rf "$WORK"
touch "$PREFIX/.complete"
