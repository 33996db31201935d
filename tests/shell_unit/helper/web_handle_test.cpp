#include "helper/web_handle.h"

#include <doctest/doctest.h>

using namespace bootsman;

TEST_CASE("an URL is shown without what may be a secret") {
  struct Row {
    const char* name;
    const char* url;
    const char* shown;
  };
  const Row rows[] = {
      {"an ordinary one stays", "https://host/path/file.tar.gz", "https://host/path/file.tar.gz"},
      {"a query may hold a signature", "https://host/path?X-Signature=1", "https://host/path?…"},
      {"user and password go", "https://anna:pw@host:8443/path", "https://host:8443/path"},
      {"an @ in the password too", "https://anna:p@w@host/path", "https://host/path"},
      {"an @ in the path stays", "https://host/@scope/pkg", "https://host/@scope/pkg"},
      {"without a path", "https://anna:pw@host", "https://host"},
      {"control characters do not reach a terminal", "https://host/\x1b[31m",
       "https://host/\\x1b[31m"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(shown_url(row.url) == row.shown);
  }
}

TEST_CASE("asking again helps after some statuses only") {
  for (const long status : {408L, 425L, 429L, 500L, 502L, 503L, 504L})
    CHECK(is_passing_status(status));
  for (const long status : {200L, 301L, 304L, 400L, 401L, 403L, 404L, 501L, 505L})
    CHECK_FALSE(is_passing_status(status));
}
