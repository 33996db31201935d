#include "wire/notify_message.h"

#include <doctest/doctest.h>

using namespace bootsman;

namespace {

std::string show(const Word& word) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : " ") + part; };
  if (word.ready) add("ready");
  if (word.reloading) add("reloading");
  if (word.stopping) add("stopping");
  if (word.alive) add("alive");
  if (word.hung) add("hung");
  if (word.speechless) add("speechless");
  if (word.extend) add("extend=" + std::to_string(word.extend->count()));
  if (word.status) add("status=" + *word.status);
  return text;
}

}  // namespace

TEST_CASE("a datagram of sd_notify(3) is read line by line") {
  struct Row {
    const char* what;
    std::string_view datagram;
    const char* word;
  };
  static const Row rows[] = {
      {"the usual one", "READY=1", "ready"},
      {"a line end at the end", "READY=1\n", "ready"},
      {"several at once", "READY=1\nSTATUS=serving 3 clients\nWATCHDOG=1",
       "ready alive status=serving 3 clients"},
      {"reloading", "RELOADING=1\nMONOTONIC_USEC=123", "reloading"},
      {"stopping", "STOPPING=1", "stopping"},
      {"a cry for help", "WATCHDOG=trigger", "hung"},
      {"a status may be empty", "STATUS=", "status="},
      {"a status keeps its equals signs", "STATUS=a=b", "status=a=b"},
      {"control characters are shown", "STATUS=\x1b[2Jx", "status=\\x1b[2Jx"},
      {"zero is not one", "READY=0\nSTOPPING=yes\nWATCHDOG=", ""},
      {"an extension", "EXTEND_TIMEOUT_USEC=5000000", "extend=5000000"},
      {"an absurd extension is cut to a day", "EXTEND_TIMEOUT_USEC=18446744073709551615",
       "extend=86400000000"},
      {"an extension that is no number", "EXTEND_TIMEOUT_USEC=-1", ""},
      {"what is not known means nothing", "MAINPID=1\nFDSTORE=1\nBARRIER=1\nX_FOO=READY=1", ""},
      {"no equals sign", "READY", ""},
      {"a case of its own", "ready=1", ""},
      {"nothing", "", ""},
      {"zero bytes", std::string_view("\0READY=1\0", 9), ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(show(parse_notification(row.datagram)) == row.word);
  }
  const auto long_one = parse_notification("STATUS=" + std::string(5000, 'x'));
  CHECK(long_one.status->size() <= 204);
}
