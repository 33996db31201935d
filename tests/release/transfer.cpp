// Resolves by the linked curl and c-ares, as the helpers do: a name of /etc/hosts, and one that is
// in no place. Prints curl's two answers.
#include <curl/curl.h>

#include <cstdio>

#include "sys/nss_pin.h"

namespace {

const char* attempt(const char* url) {
  CURL* handle = curl_easy_init();
  curl_easy_setopt(handle, CURLOPT_URL, url);
  curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
  const CURLcode code = curl_easy_perform(handle);
  curl_easy_cleanup(handle);
  return curl_easy_strerror(code);
}

}  // namespace

int main() {
  bootsman::pin_name_services();
  curl_global_init(CURL_GLOBAL_DEFAULT);
  std::printf("%s\n", attempt("https://local-name:1/"));
  std::printf("%s\n", attempt("https://no-such-host.invalid:1/"));
  curl_global_cleanup();
  return 0;
}
