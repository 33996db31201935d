#include <doctest/doctest.h>

#include <cstdlib>
#include <random>

#include "config/embedded.h"
#include "lib/configs.h"
#include "lib/plan_text.h"

using namespace bootsman;
using namespace bootsman::tests;

namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t limit) {
  return random() % limit;
}

/// One small accident: bytes lost, doubled, changed, or something that TOML or variables know put
/// in the middle.
std::string mutate(std::string text, Random& random) {
  static const std::vector<std::string> pieces{"[",
                                               "]",
                                               "[[",
                                               "]]",
                                               "\"",
                                               "'",
                                               "\"\"\"",
                                               "'''",
                                               "=",
                                               ".",
                                               ",",
                                               "{",
                                               "}",
                                               "#",
                                               "\n",
                                               "\r",
                                               "\t",
                                               "\\",
                                               "\\u0000",
                                               "-",
                                               "${",
                                               "}",
                                               "$$",
                                               "${A}",
                                               "${A:-b}",
                                               "${file:/f}",
                                               "${ip:x}",
                                               "$",
                                               "1e400",
                                               "nan",
                                               "-9223372036854775808",
                                               "1979-05-27",
                                               "true",
                                               "[service.a]\n",
                                               "[step.motd]\n",
                                               "[job]\n",
                                               "command = [\"x\"]\n",
                                               "after = [\"a\"]\n",
                                               "requires = [\"sshd\"]\n",
                                               "enabled = false\n",
                                               "\xff",
                                               "\xc3",
                                               std::string(1, '\0'),
                                               "中",
                                               "é",
                                               "。",
                                               "！",
                                               "extends = \"empty\"\n",
                                               "health = {}\n"};
  const std::size_t at = below(random, text.size() + 1);
  const std::size_t length = std::min(below(random, 40), text.size() - at);
  switch (below(random, 4)) {
    case 0:
      return text.erase(at, length);
    case 1:
      return text.insert(below(random, text.size() + 1), text.substr(at, length));
    case 2:
      if (at < text.size()) text[at] = static_cast<char>(below(random, 256));
      return text;
    default:
      return text.insert(at, pieces[below(random, pieces.size())]);
  }
}

long wanted_runs() {
  const char* runs = std::getenv("BOOTSMAN_MUTATIONS");
  return runs == nullptr ? 2'000 : std::strtol(runs, nullptr, 10);
}

}  // namespace

TEST_CASE("no damage to a configuration goes unnoticed by more than a complaint") {
  const std::vector<std::string> seeds{std::string(embedded_preset("workspace")),
                                       read_source_file("tests/golden/config/every_key.toml")};
  for (long run = 0; run < wanted_runs(); ++run) {
    const auto seed = static_cast<std::uint64_t>(run);
    CAPTURE(seed);
    Random random(seed);
    std::string text = seeds[below(random, seeds.size())];
    for (std::size_t i = below(random, 6) + 1; i > 0; --i) text = mutate(std::move(text), random);
    World world;
    world.must_resolve = below(random, 2) == 0;
    world.env = {{"A", "${A}$"}};
    const Planned planned = plan_text(text, world);
    for (const std::string& line : planned.complaints) {
      CHECK(line.find("error: ") + line.find("warning: ") != std::string::npos);
      CHECK(line.find('\n') == std::string::npos);
      CHECK(line.find('\0') == std::string::npos);
    }
    const bool failed = lines(planned.complaints).find("error: ") != std::string::npos;
    if (failed) continue;
    // What is accepted is whole: everything stands behind what it waits for, and can be started.
    const Plan& plan = planned.plan;
    REQUIRE(plan.dependants.size() == plan.units.size());
    for (std::uint32_t i = 0; i < plan.units.size(); ++i) {
      for (const UnitIndex before : plan.units[i].after) REQUIRE(before.value < i);
      REQUIRE((plan.units[i].builtin.has_value() || plan.units[i].mount.has_value() ||
               !plan.units[i].launch.argv.empty()));
    }
    CHECK(full_text(plan_text(text, world).plan) == full_text(plan));
  }
}
