#include "wire/reply_stream.h"

#include <doctest/doctest.h>

namespace bootsman {

namespace {

/// "200 [abc] end", the pieces joined; "broken" for what is none. "…" when more would have to come.
std::string read_reply(std::string_view stream, std::size_t step, bool to_head, bool ends) {
  ReplyReader reader(to_head);
  std::string told, body;
  const auto tell = [&](const std::string& word) { told += (told.empty() ? "" : " ") + word; };
  const auto take = [&](const ReplyStep& said) {
    if (const auto* head = std::get_if<ReplyHead>(&said)) {
      tell(std::to_string(head->status));
      if (head->content_length) told += "/" + std::to_string(*head->content_length);
    } else if (const auto* piece = std::get_if<BodyPiece>(&said)) {
      body += piece->bytes;
    } else if (std::holds_alternative<ReplyEnd>(said)) {
      if (!body.empty()) tell("[" + body + "]");
      tell("end");
      return false;
    } else if (std::holds_alternative<ReplyBroken>(said)) {
      tell("broken");
      return false;
    }
    return true;
  };
  for (std::size_t at = 0; at < stream.size(); at += step) {
    std::string_view bytes = stream.substr(at, step);
    for (bool more = true; more;) {
      const auto said = reader.next(bytes);
      if (!take(said)) return told + (bytes.empty() ? "" : " +" + std::string(bytes));
      more = !std::holds_alternative<NeedMore>(said);
      const auto* head = std::get_if<ReplyHead>(&said);
      if (head != nullptr && head->status == 101) return told + " +" + std::string(bytes);
    }
  }
  if (!ends) return told + " …";
  take(reader.ended());
  return told;
}

}  // namespace

TEST_CASE("answers of upstreams, cut anywhere") {
  struct Row {
    const char* name;
    std::string stream;
    bool to_head;
    bool ends;
    const char* told;
  };
  const Row rows[] = {
      {"a length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", false, false,
       "200/3 [abc] end"},
      {"no body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, false, "200/0 end"},
      {"chunks",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n"
       "Trailer: t\r\n\r\n",
       false, false, "200 [abc] end"},
      {"until the end", "HTTP/1.0 200 OK\r\n\r\nabc", false, true, "200 [abc] end"},
      {"until the end, nothing", "HTTP/1.0 200 OK\r\n\r\n", false, true, "200 end"},
      {"the end is not there yet", "HTTP/1.0 200 OK\r\n\r\nabc", false, false, "200 …"},
      {"an answer to HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", true, false,
       "200/3 end"},
      {"no content", "HTTP/1.1 204 No Content\r\n\r\n", false, false, "204 end"},
      {"not modified has a length and no body", "HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n",
       false, false, "304/9 end"},
      {"interim ones before",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
       false, false, "100 103 200/1 [a] end"},
      {"bare line ends, as old programs write them", "HTTP/1.0 200 OK\nContent-Length: 1\n\na",
       false, false, "200/1 [a] end"},
      {"no reason", "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na", false, false, "200/1 [a] end"},
      {"cut off in its body", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", false, true,
       "200/3 broken"},
      {"cut off in its chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na",
       false, true, "200 broken"},
      {"cut off in its head", "HTTP/1.1 200 OK\r\nConte", false, true, "broken"},
      {"nothing at all", "", false, true, "broken"},
      {"no HTTP", "220 smtp ready\r\n", false, false, "broken"},
      {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", false,
       false, "broken"},
      {"a length beside chunks",
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false,
       false, "broken"},
      {"interim ones as old programs write them",
       "HTTP/1.0 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", false, false,
       "100 200/1 [a] end"},
      {"an interim one that would close",
       "HTTP/1.1 103 X\r\nConnection: close\r\n\r\nHTTP/1.1 204 X\r\n\r\n", false, false,
       "103 204 end"},
      {"an interim one with a length of nothing",
       "HTTP/1.1 100 X\r\nContent-Length: 0\r\n\r\nHTTP/1.1 204 X\r\n\r\n", false, false,
       "100/0 204 end"},
      {"an interim one with a body", "HTTP/1.1 104 X\r\nContent-Length: 4\r\n\r\nevil", false,
       false, "broken"},
      {"an interim one with a body that the library passes over",
       "HTTP/1.1 100 X\r\nContent-Length: 4\r\n\r\nevil", false, false, "broken"},
      {"an interim one in chunks",
       "HTTP/1.1 150 X\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n", false, false,
       "broken"},
      {"a status below all others", "HTTP/1.1 099 X\r\n\r\nevil", false, false, "broken"},
      {"an encoding that chunked would not tell of",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", false, false,
       "broken"},
      {"that encoding in a header of its own",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       false, false, "broken"},
      {"chunked in other letters",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", false, false,
       "200 [a] end"},
      {"an answer to HEAD that has a body after all",
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", true, false, "200/3 end"},
      {"no content, and yet some", "HTTP/1.1 204 X\r\nContent-Length: 3\r\n\r\nabc", false, false,
       "204/3 end"},
      {"not modified, and yet chunks",
       "HTTP/1.1 304 X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false, false, "304 end"},
      {"a head without an end", "HTTP/1.1 200 OK\r\nA: " + std::string(300'000, 'x'), false, false,
       "broken"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{1 << 20}}) {
      CAPTURE(step);
      const auto told = read_reply(row.stream, step, row.to_head, row.ends);
      const auto plus = told.find(" +");
      CHECK(told.substr(0, plus) == row.told);
    }
  }
}

TEST_CASE("interim answers without an end are no answer") {
  std::string stream;
  while (stream.size() < ReplyReader::kHeadMax + 100) stream += "HTTP/1.1 102 Processing\r\n\r\n";
  const auto told = read_reply(stream, 1 << 16, false, false);
  CHECK(told.starts_with("102 102 "));
  CHECK(told.substr(0, told.find(" +")).ends_with(" 102 broken"));
}

TEST_CASE("after another protocol was agreed on, the bytes are left alone") {
  CHECK(
      read_reply("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05hello",
                 1 << 20, false, false) == "101 +\x81\x05hello");
}

}  // namespace bootsman
