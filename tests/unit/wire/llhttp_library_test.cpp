#include <doctest/doctest.h>
#include <llhttp.h>

#include <string_view>

TEST_CASE("the linked HTTP parser reads a whole request") {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_message_complete = [](llhttp_t*) { return static_cast<int>(HPE_PAUSED); };
  llhttp_t parser;
  llhttp_init(&parser, HTTP_REQUEST, &settings);
  constexpr std::string_view kRequest = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";

  CHECK(llhttp_execute(&parser, kRequest.data(), kRequest.size()) == HPE_PAUSED);
  CHECK(llhttp_get_method(&parser) == HTTP_GET);
}
