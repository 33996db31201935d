#include <curl/curl.h>
#include <doctest/doctest.h>

#include <string_view>

TEST_CASE("the linked curl speaks TLS by mbedTLS, resolves by c-ares and knows HTTP alone") {
  const curl_version_info_data& info = *curl_version_info(CURLVERSION_NOW);

  CHECK(std::string_view(info.version) == "8.14.1");
  CHECK(std::string_view(info.ssl_version).starts_with("mbedTLS/3.6"));
  CHECK((info.features & CURL_VERSION_SSL) != 0);
  CHECK((info.features & CURL_VERSION_ASYNCHDNS) != 0);
  REQUIRE(info.ares != nullptr);
  for (const char* const* protocol = info.protocols; *protocol != nullptr; ++protocol) {
    CHECK(std::string_view(*protocol).starts_with("http"));
  }
}

TEST_CASE("a TLS handle can be made, so the headers that curl and mbedTLS were built with agree") {
  REQUIRE(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
  CURL* handle = curl_easy_init();
  REQUIRE(handle != nullptr);
  // Nothing listens on port 1: what matters is that the refusal comes from connect(2).
  curl_easy_setopt(handle, CURLOPT_URL, "https://127.0.0.1:1/");
  curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
  CHECK(curl_easy_perform(handle) == CURLE_COULDNT_CONNECT);
  curl_easy_cleanup(handle);
  curl_global_cleanup();
}
