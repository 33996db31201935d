#include "logs/progress_fold.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

namespace bootsman {
namespace {

/// Bytes that come at a second; or, without bytes, the tick of that second.
struct Step {
  int second;
  std::string bytes;
};

MonoTime at(int second) {
  return MonoTime(std::chrono::seconds(second));
}

std::string fold(const std::vector<Step>& steps) {
  ProgressFold fold(Millis(5'000));
  std::string out;
  const auto take = [&](std::string_view part) { out.append(part); };
  for (const Step& step : steps) {
    if (step.bytes.empty())
      fold.tick(at(step.second), take);
    else
      fold.feed(step.bytes, at(step.second), take);
  }
  fold.flush(take);
  return out;
}

struct Row {
  const char* name;
  std::vector<Step> steps;
  std::string out;
};

TEST_CASE("progress fold: what is left of the updates") {
  const std::vector<Row> rows = {
      {"plain lines pass", {{0, "a\nb\n"}}, "a\nb\n"},
      {"the end without a line end passes", {{0, "a\nb"}}, "a\nb"},
      {"DOS line ends become plain ones", {{0, "a\r\nb\r\n"}}, "a\nb\n"},
      {"a quick bar shows its last state", {{0, "\r 0%\r50%\r100%\n"}}, "100%\n"},
      {"a return behind the state is the same", {{0, "0%\r50%\r100%\r\n"}}, "100%\n"},
      {"a slow bar shows a state per interval",
       {{0, "\r1%"}, {1, "\r2%"}, {4, ""}, {5, ""}, {6, "\r3%"}, {9, "\r4%"}, {10, ""}, {11, "\n"}},
       "2%\n4%\n"},
      {"a state that was shown is not shown again at the end",
       {{0, "\r9%"}, {5, ""}, {6, "\r9%\n"}},
       "9%\n"},
      {"a stalled bar is shown once", {{0, "\r1%"}, {5, ""}, {10, ""}, {15, ""}}, "1%\n"},
      {"an erased bar leaves the text behind it", {{0, "\r5%\r    \rdone\n"}}, "done\n"},
      {"erasing alone is no state", {{0, "\r5%\r\033[2K\n"}}, "5%\n"},
      {"the next line begins anew", {{0, "\r5%\nx\n\r6%\n"}}, "5%\nx\n6%\n"},
      {"empty lines stay", {{0, "\n\na\n\n"}}, "\n\na\n\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(fold(row.steps) == row.out);
  }
}

TEST_CASE("progress fold: it asks to be woken only for what is new") {
  ProgressFold fold(Millis(5'000));
  const auto ignore = [](std::string_view) {};
  fold.feed("prompt: ", at(0), ignore);
  CHECK(fold.holds_plain_text());
  CHECK_FALSE(fold.next_deadline());
  fold.feed("\r1%", at(1), ignore);
  CHECK_FALSE(fold.holds_plain_text());
  CHECK(fold.next_deadline() == at(6));
  fold.tick(at(6), ignore);
  CHECK_FALSE(fold.next_deadline());
  fold.feed("\r2%", at(30), ignore);
  CHECK(fold.next_deadline() == at(30));
}

TEST_CASE("progress fold: an endless line passes, and memory stays small") {
  ProgressFold fold(Millis(5'000));
  std::string out;
  const std::string piece(1000, 'x');
  for (int i = 0; i < 100; ++i)
    fold.feed(piece, at(0), [&](std::string_view part) { out.append(part); });
  CHECK(out.size() > 90'000);
  fold.feed("\r\n", at(0), [&](std::string_view part) { out.append(part); });
  CHECK(out.size() == 100'002);
}

TEST_CASE("progress fold: without a return any bytes pass, however they are cut") {
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    std::mt19937 chance(seed);
    std::string text(chance() % 40'000, '\0');
    for (char& byte : text) {
      byte = static_cast<char>(chance() % 40 == 0 ? '\n' : chance());
      if (byte == '\r') byte = 'r';
    }
    std::vector<Step> steps;
    for (std::size_t from = 0; from < text.size();) {
      const std::size_t length = 1 + chance() % 9'000;
      steps.push_back({0, text.substr(from, length)});
      from += length;
    }
    CHECK(fold(steps) == text);
  }
}

}  // namespace
}  // namespace bootsman
