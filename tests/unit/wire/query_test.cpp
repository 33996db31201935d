#include "wire/query.h"

#include <doctest/doctest.h>

namespace bootsman {

namespace {

std::string read(std::string_view query) {
  const auto parameters = parse_query(query, {"unit", "n"});
  if (!parameters) return parameters.error().message();
  std::string told;
  for (const auto& [name, value] : *parameters) told += name + "=" + value + ";";
  return told;
}

struct Row {
  const char* name;
  std::string query;
  std::string told;
};

const Row kRows[] = {
    {"nothing", "", ""},
    {"one", "n=5", "n=5;"},
    {"a repeated one", "unit=a&unit=b", "unit=a;unit=b;"},
    {"an escape", "unit=a%20%e4b",
     "unit=a \xe4"
     "b;"},
    {"without a value", "unit", "unit=;"},
    {"an empty part", "&n=1&", "n=1;"},
    {"a broken escape", "unit=%4", "cannot read the query: a % is not followed by two digits"},
    {"an unknown one", "x=1", "cannot take the parameter \"x\": it is none of unit, n"},
};

}  // namespace

TEST_CASE("queries") {
  for (const auto& row : kRows) {
    CAPTURE(row.name);
    CHECK(read(row.query) == row.told);
  }
}

TEST_CASE("what was encoded is decoded") {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  const auto encoded = percent_encode(all);
  CHECK(encoded.find_first_of(" /?&=#+") == encoded.npos);
  CHECK(percent_decode(encoded) == all);
}

}  // namespace bootsman
