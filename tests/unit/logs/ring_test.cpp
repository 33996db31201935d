#include "logs/ring.h"

#include <doctest/doctest.h>

#include <algorithm>

#include <random>

namespace bootsman {
namespace {

RingLine line_of(std::string_view text, std::uint64_t run = 1) {
  RingLine line;
  line.wall_us = 5;
  line.run = run;
  line.is_stderr = text.size() % 2 == 1;
  line.text = text;
  return line;
}

std::vector<std::string> all_of(const LogRing& ring, std::uint32_t writer,
                                std::uint64_t after = 0) {
  std::vector<std::string> texts;
  LogRing::Unpacked unpacked;
  ring.each(writer, after, unpacked, [&](const RingLine& line) {
    texts.emplace_back(line.text);
    return true;
  });
  return texts;
}

TEST_CASE("ring: what was added comes back, with all that was said of it") {
  LogRing ring;
  const auto writer = ring.add_writer();
  const std::string odd("a\0\xff", 3);
  CHECK(ring.add(writer, line_of("", 7)) == 1);
  CHECK(ring.add(writer, line_of(odd, 8)) == 2);
  std::vector<RingLine> lines;
  LogRing::Unpacked unpacked;
  ring.each(writer, 0, unpacked, [&](const RingLine& line) {
    lines.push_back(line);
    return true;
  });
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].run == 7);
  CHECK_FALSE(lines[0].is_stderr);
  CHECK(lines[1].text == odd);
  CHECK(lines[1].is_stderr);
  CHECK(lines[1].wall_us == 5);
  CHECK(all_of(ring, writer, 1) == std::vector<std::string>{odd});
  CHECK(all_of(ring, writer, 2).empty());
}

TEST_CASE("ring: lines of one moment lie together, and none becomes part of another") {
  std::mt19937 random(1);
  LogRing ring(16 * LogRing::kBlock);
  const std::uint32_t writers[] = {ring.add_writer(), ring.add_writer()};
  struct Line {
    std::uint64_t sequence;
    RingLine said;
    std::string text;
  };
  std::vector<Line> added[2];
  RingLine line;
  for (int i = 0; i < 20'000; ++i) {
    // Most of what is said of a line is said of the next one too.
    if (random() % 8 == 0) ++line.wall_us;
    if (random() % 32 == 0) line.run = random() % 3;
    if (random() % 16 == 0) line.is_stderr = !line.is_stderr;
    line.continues = random() % 16 == 0;
    const std::size_t length = random() % 64 == 0 ? random() % 6'000 : random() % 40;
    const std::string text(length, static_cast<char>('a' + i % 26));
    const std::size_t who = random() % 16 == 0 ? 1 : 0;
    line.text = text;
    const std::uint64_t sequence = ring.add(writers[who], line);
    if (random() % 256 == 0) ring.pack(sequence - random() % 512, 1 + random() % 20'000);
    added[who].push_back({sequence, line, text});
  }
  for (const std::size_t who : {0U, 1U}) {
    std::size_t at = ring.forgotten(writers[who]);
    CHECK(at > 0);
    LogRing::Unpacked unpacked;
    ring.each(writers[who], 0, unpacked, [&](const RingLine& got) {
      const Line& expected = added[who].at(at++);
      REQUIRE(got.sequence == expected.sequence);
      REQUIRE(got.text == expected.text);
      REQUIRE(got.wall_us == expected.said.wall_us);
      REQUIRE(got.run == expected.said.run);
      REQUIRE(got.is_stderr == expected.said.is_stderr);
      REQUIRE(got.continues == expected.said.continues);
      return true;
    });
    CHECK(at == added[who].size());
    CHECK(ring.tail(writers[who], 1, 10'000) == std::vector<std::string>{added[who].back().text});
  }
}

TEST_CASE("ring: a flood of one writer leaves the others' last words") {
  LogRing ring(64 * 1024);
  const auto quiet = ring.add_writer();
  const auto loud = ring.add_writer();
  ring.add(quiet, line_of("the reason"));
  for (int i = 0; i < 10'000; ++i) ring.add(loud, line_of("noise " + std::to_string(i)));
  CHECK(all_of(ring, quiet) == std::vector<std::string>{"the reason"});
  CHECK(ring.tail(loud, 1, 100) == std::vector<std::string>{"noise 9999"});
  CHECK(ring.forgotten(loud) + all_of(ring, loud).size() == 10'000);
  CHECK(ring.forgotten(quiet) == 0);
  CHECK(ring.last_forgotten(quiet) == 0);
  CHECK(ring.last_forgotten(loud) == ring.forgotten(loud) + 1);
  CHECK(ring.memory() <= 64 * 1024);
}

TEST_CASE("ring: full blocks are packed when they are old, some at a time") {
  LogRing ring;
  const std::uint32_t writers[] = {ring.add_writer(), ring.add_writer()};
  std::mt19937 random(7);
  std::vector<std::string> said[2];
  std::uint64_t middle = 0;
  for (int i = 0; i < 4'000; ++i) {
    const std::size_t who = random() % 2;
    said[who].push_back("127.0.0.1 GET /api/kernels/" + std::to_string(random()) + " 200");
    const auto sequence = ring.add(writers[who], line_of(said[who].back()));
    if (i == 2'000) middle = sequence;
  }
  const std::size_t loose = ring.loose();
  const std::size_t memory = ring.memory();
  CHECK(loose + 2 == memory / LogRing::kBlock);
  CHECK(ring.saved() == 0);
  std::size_t turns = 1;
  while (ring.pack(middle, 3 * LogRing::kBlock)) ++turns;
  CHECK(turns > 5);
  CHECK(ring.loose() <= loose / 2 + 2);
  CHECK(ring.loose() >= loose / 2 - 2);
  CHECK_FALSE(ring.pack(ring.last_sequence(), memory));
  CHECK(ring.loose() == 0);
  CHECK(ring.memory() == memory);
  CHECK(ring.saved() > memory / 2);
  for (const std::size_t who : {0U, 1U}) CHECK(all_of(ring, writers[who]) == said[who]);
  // Only what is read is unpacked.
  LogRing::Unpacked unpacked;
  std::vector<std::string> newest;
  ring.each_newest(writers[0], 0, unpacked, [&](const RingLine& line) {
    newest.emplace_back(line.text);
    return newest.size() < 100;
  });
  CHECK(newest == std::vector<std::string>(said[0].rbegin(), said[0].rbegin() + 100));
  CHECK(unpacked.size() <= 3);
  ring.renumber({1U, 0U});
  CHECK(ring.saved() > memory / 2);
  CHECK(all_of(ring, 0) == said[1]);
  // What goes takes its savings along.
  ring.renumber({std::nullopt});
  CHECK(ring.saved() == 0);
  CHECK(ring.memory() == 0);
}

TEST_CASE("ring: what does not get smaller stays as it is") {
  LogRing ring(8 * LogRing::kBlock);
  const auto writer = ring.add_writer();
  std::mt19937 random(3);
  std::vector<std::string> said;
  for (int i = 0; i < 100; ++i) {
    std::string noise(1'000, ' ');
    for (char& c : noise) c = static_cast<char>(random() % 256);
    std::ranges::replace(noise, '\n', ' ');
    said.push_back(noise);
    ring.add(writer, line_of(said.back()));
    ring.pack(ring.last_sequence(), 1);
  }
  CHECK(ring.saved() == 0);
  CHECK(ring.loose() == 0);
  const auto kept = all_of(ring, writer);
  CHECK(kept.size() == 8 * (LogRing::kBlock / 1'000));
  CHECK(std::equal(kept.rbegin(), kept.rend(), said.rbegin()));
}

TEST_CASE("ring: a block of one very long line is not packed, which would take long") {
  LogRing ring;
  const auto writer = ring.add_writer();
  const std::string text(LogRing::kPackedBlock + 1, 'x');
  ring.add(writer, line_of(text));
  ring.add(writer, line_of("short"));
  CHECK(ring.loose() == 1);
  CHECK_FALSE(ring.pack(ring.last_sequence(), 1));
  CHECK(ring.loose() == 0);
  CHECK(ring.saved() == 0);
  CHECK(all_of(ring, writer) == std::vector<std::string>{text, "short"});
}

TEST_CASE("ring: lines since a time are found though the clock went back") {
  LogRing ring;
  const auto writer = ring.add_writer();
  RingLine line = line_of("");
  for (const std::int64_t time : {100, 200, 50, 60, 150}) {
    line.wall_us = time;
    for (int i = 0; i < 500; ++i) {
      const std::string text = std::to_string(time) + std::string(40, '.');
      line.text = text;
      ring.add(writer, line);
    }
  }
  ring.pack(ring.last_sequence(), ring.memory());
  std::vector<std::int64_t> found;
  LogRing::Unpacked unpacked;
  ring.each_newest(writer, 150, unpacked, [&](const RingLine& got) {
    found.push_back(got.wall_us);
    return true;
  });
  CHECK(found.size() == 1'000);
  CHECK(found.front() == 150);
  CHECK(found.back() == 200);
}

TEST_CASE("ring: writers are numbered anew, and what those left out wrote is forgotten") {
  LogRing ring(10 * LogRing::kBlock);
  for (int i = 0; i < 3; ++i) ring.add_writer();
  ring.add(0, line_of("zero"));
  ring.add(1, line_of("one"));
  ring.add(2, line_of("two"));
  const std::size_t memory = ring.memory();
  ring.renumber({2U, std::nullopt, 0U});
  CHECK(all_of(ring, 0) == std::vector<std::string>{"two"});
  CHECK(all_of(ring, 1).empty());
  CHECK(all_of(ring, 2) == std::vector<std::string>{"zero"});
  CHECK(ring.memory() < memory);
  CHECK(ring.last_sequence() == 3);
  // The oldest goes first, as before, whatever its number.
  const std::string block(LogRing::kBlock, 'x');
  for (int i = 0; i < 100; ++i) ring.add(1, line_of(block));
  CHECK(all_of(ring, 0) == std::vector<std::string>{"two"});
  CHECK(ring.memory() <= 12 * (LogRing::kBlock + 100));
}

TEST_CASE("ring: the tail is limited in lines and in bytes, oldest first") {
  LogRing ring;
  const auto writer = ring.add_writer();
  for (const char* text : {"aaaa", "bbb", "cc", "d"}) ring.add(writer, line_of(text));
  using Lines = std::vector<std::string>;
  CHECK(ring.tail(writer, 2, 100) == Lines{"cc", "d"});
  CHECK(ring.tail(writer, 10, 6) == Lines{"bbb", "cc", "d"});
  CHECK(ring.tail(writer, 10, 5) == Lines{"cc", "d"});
  CHECK(ring.tail(writer, 0, 100).empty());
  CHECK(ring.tail(ring.add_writer(), 5, 100).empty());
  ring.add(writer, line_of("its end is éé"));
  CHECK(ring.tail(writer, 10, 13) == Lines{"its end is é"});
}

TEST_CASE("ring: always a suffix of what each writer said, whatever the mix") {
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    std::mt19937 chance(seed);
    LogRing ring(40 * 1024);
    std::vector<std::vector<std::string>> said(5);
    for (std::size_t i = 0; i < said.size(); ++i) ring.add_writer();
    for (int i = 0; i < 2'000; ++i) {
      const std::size_t writer = chance() % 3 == 0 ? 0 : chance() % said.size();
      const std::size_t length = chance() % 50 == 0 ? chance() % 16'384 : chance() % 80;
      said[writer].emplace_back(length, static_cast<char>('a' + chance() % 26));
      ring.add(static_cast<std::uint32_t>(writer), line_of(said[writer].back()));
    }
    for (std::uint32_t writer = 0; writer < said.size(); ++writer) {
      const auto kept = all_of(ring, writer);
      REQUIRE_FALSE(kept.empty());
      CHECK(ring.forgotten(writer) + kept.size() == said[writer].size());
      CHECK(std::equal(kept.rbegin(), kept.rend(), said[writer].rbegin()));
    }
    // Two kept blocks of each writer, each at most one longest line, may stand above the limit.
    CHECK(ring.memory() <= 40 * 1024 + said.size() * LogRing::kKeepBlocks * 17 * 1024);
  }
}

}  // namespace
}  // namespace bootsman
