#include "config/expand.h"

#include <doctest/doctest.h>

#include "lib/configs.h"

using namespace bootsman;
using bootsman::tests::World;

namespace {

World world() {
  World w;
  w.env = {{"HOST", "h1"},           {"EMPTY", ""},         {"TRICKY", "${HOST} %s $$ \\n"},
           {"TOKEN_FILE", "/token"}, {"BOTH", "value"},     {"BOTH_FILE", "/token"},
           {"GONE_FILE", "/gone"},   {"SECRET_KEY", "hush"}};
  w.files = {{"/token", "from file\n"}, {"/crlf", "a\r\nb\r\n"}, {"/nul", std::string("a\0b", 3)}};
  return w;
}

}  // namespace

TEST_CASE("variables in values are expanded once") {
  struct Row {
    const char* name;
    const char* text;
    const char* expanded;
  };
  static const Row rows[] = {
      {"plain text stays", "a b", "a b"},
      {"a variable", "x-${HOST}-y", "x-h1-y"},
      {"two variables", "${HOST}${HOST}", "h1h1"},
      {"a value is not expanded again, nor a format", "${TRICKY}", "${HOST} %s $$ \\n"},
      {"two dollars are one", "$$HOME costs 5$$", "$HOME costs 5$"},
      {"two dollars before a brace", "$${HOST}", "${HOST}"},
      {"a lone dollar stays for shells", "echo $HOME $1 $", "echo $HOME $1 $"},
      {"an empty variable is set", "[${EMPTY}]", "[]"},
      {"a default for one that is not set", "${NONE:-8080}", "8080"},
      {"a default for one that is empty", "${EMPTY:-8080}", "8080"},
      {"a default that is not needed", "${HOST:-8080}", "h1"},
      {"an empty default", "[${NONE:-}]", "[]"},
      {"a message that is not needed", "${HOST:?must be given}", "h1"},
      {"the file of NAME_FILE", "${TOKEN}", "from file"},
      {"NAME wins over NAME_FILE", "${BOTH}", "value"},
      {"a file without its last line end", "${file:/token}", "from file"},
      {"line ends within stay", "${file:/crlf}", "a\r\nb"},
      {"an address", "${ip:ib0}:5000", "10.1.2.3:5000"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Expansion expansion = expand(row.text, world().config_facts(), {"SECRET_KEY"});
    CHECK(expansion.text == row.expanded);
    CHECK(!expansion.unresolved);
    CHECK(expansion.errors.empty());
    CHECK(expansion.missing.empty());
  }
}

TEST_CASE("what cannot be expanded says why") {
  struct Row {
    const char* text;
    const char* error;    // wrong anywhere
    const char* missing;  // has no value here
  };
  static const Row rows[] = {
      {"${NONE}", "", "the variable NONE is not set: set it, or write \"${NONE:-default}\""},
      {"${NONE:?say where}", "", "the variable NONE is not set: say where"},
      {"${EMPTY:?say where}", "", "the variable EMPTY is empty: say where"},
      {"${GONE}", "", "variable GONE_FILE: cannot read /gone: No such file or directory"},
      {"${file:/gone}", "", "cannot read /gone: No such file or directory"},
      {"${ip:eth9}", "", "cannot find an address of the network interface \"eth9\""},
      {"${file:/nul}", "cannot use the value of ${file:/nul}: it contains a NUL byte", ""},
      {"${HOST", "cannot read \"${HOST\": the closing } is missing; write $$ for a plain $", ""},
      {"${}", "cannot read \"${}\"", ""},
      {"${1}", "cannot read \"${1}\"", ""},
      {"${HOST-x}", "cannot read \"${HOST-x}\"", ""},
      {"${HOST:+x}", "cannot read \"${HOST:+x}\"", ""},
      {"${NONE:-${HOST}}", "cannot read \"${NONE:-${HOST}\"", ""},
      {"${SECRET_KEY}", "cannot put the secret SECRET_KEY into a value", ""},
      {"${SECRET_KEY:-x}", "cannot put the secret SECRET_KEY into a value", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Expansion expansion = expand(row.text, world().config_facts(), {"SECRET_KEY"});
    const std::string error(row.error), missing(row.missing);
    REQUIRE(expansion.errors.size() == (error.empty() ? 0 : 1));
    REQUIRE(expansion.missing.size() == (missing.empty() ? 0 : 1));
    if (!error.empty()) CHECK(expansion.errors[0].starts_with(error));
    if (!missing.empty()) CHECK(expansion.missing[0] == missing);
    CHECK(expansion.text.find("hush") == std::string::npos);
    CHECK(expansion.unresolved == !missing.empty());
  }
}
