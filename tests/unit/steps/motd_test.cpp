#include "base/cells.h"
#include "lib/golden.h"
#include "steps/motd_text.h"
#include "unit/steps/world.h"

using namespace bootsman;
using namespace bootsman::test;

TEST_CASE("the motd file guards itself and is hooked into every interactive bash") {
  BootWorld world;
  world.file("/etc/bash.bashrc", "PS1='# '");
  world.start("motd");
  const std::string motd = world.text("/etc/matrixdc-motd");
  CHECK(motd == golden("unit/steps/golden/matrixdc-motd", motd));
  const std::string bashrc = world.text("/etc/bash.bashrc");
  CHECK(bashrc == golden("unit/steps/golden/bash.bashrc", bashrc));
  check_idempotent(world, "motd");
}

TEST_CASE("an old motd is replaced, an author's is kept") {
  BootWorld world;
  world.file("/etc/matrixdc-motd",
             "#!/bin/bash\nprintf \"目录说明\"\ncat /sys/fs/cgroup/cpu/cpu.cfs_quota_us\n"
             "alias sudo=\"\"\n");
  world.start("motd");
  CHECK(world.text("/etc/matrixdc-motd").starts_with("# Written by bootsman"));

  BootWorld own;
  own.file("/etc/matrixdc-motd", "echo hello\n").program("/usr/bin/bash");
  own.start("motd");
  CHECK(own.text("/etc/matrixdc-motd") == "echo hello\n");
  CHECK(own.text("/etc/bash.bashrc").find("/etc/matrixdc-motd") != std::string::npos);
}

TEST_CASE("limits of the cgroup are read, none is none") {
  struct Row {
    const char* text;
    std::optional<std::optional<double>> want;
  };
  const Row rows[] = {
      {"max 100000\n", std::optional<double>()},
      {"250000 100000\n", std::optional(2.5)},
      {"50000 100000", std::optional(0.5)},
      {"max", std::nullopt},
      {"", std::nullopt},
      {"x 100000", std::nullopt},
      {"100000 0", std::nullopt},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(parse_cpu_max(row.text) == row.want);
  }
  CHECK(parse_cpu_quota("-1\n", "100000\n") == std::make_optional(std::optional<double>()));
  CHECK(parse_cpu_quota("400000", "100000") == std::optional(std::optional(4.0)));
  using Bytes = std::optional<std::uint64_t>;
  CHECK(parse_memory_limit("max\n") == std::make_optional(Bytes()));
  CHECK(parse_memory_limit("9223372036854771712\n") == std::make_optional(Bytes()));
  CHECK(parse_memory_limit("1073741824") == std::optional(Bytes(1073741824)));
  CHECK(parse_memory_limit("lots") == std::nullopt);
}

TEST_CASE("the language follows the locale, line drawing needs UTF-8") {
  CHECK(motd_language("", "", "zh_CN.UTF-8") == MotdLanguage::Chinese);
  CHECK(motd_language("", "", "zh_CN.utf8") == MotdLanguage::Chinese);
  CHECK(motd_language("C.UTF-8", "", "zh_CN.UTF-8") == MotdLanguage::English);
  CHECK(motd_language("", "en_US.UTF-8", "zh_CN.UTF-8") == MotdLanguage::English);
  CHECK(motd_language("", "", "zh_CN.GB18030") == MotdLanguage::Ascii);
  CHECK(motd_language("", "", "") == MotdLanguage::Ascii);
}

TEST_CASE("the message in each language") {
  MotdFacts full;
  full.cpu = MotdFacts::Cpu{2.5, 64};
  full.memory_known = true;
  full.memory_limit = std::uint64_t{7} << 30;
  full.gpus = {"NVIDIA A100-SXM4-80GB", "NVIDIA A100-SXM4-80GB", "Tesla T4"};
  full.disk =
      MotdFacts::Disk{std::uint64_t{3} << 30, std::uint64_t{97} << 30, std::uint64_t{100} << 30};
  MotdFacts unlimited = full;
  unlimited.cpu = MotdFacts::Cpu{std::nullopt, 8};
  unlimited.memory_limit = std::nullopt;
  unlimited.gpus.clear();
  MotdFacts small = full;
  small.cpu = MotdFacts::Cpu{0.5, 8};
  small.memory_limit = std::uint64_t{512} << 20;
  struct Row {
    const char* file;
    const MotdFacts& facts;
    MotdLanguage language;
  };
  const MotdFacts nothing;
  const Row rows[] = {{"motd_zh.txt", full, MotdLanguage::Chinese},
                      {"motd_zh_unlimited.txt", unlimited, MotdLanguage::Chinese},
                      {"motd_en.txt", full, MotdLanguage::English},
                      {"motd_en_unlimited.txt", unlimited, MotdLanguage::English},
                      {"motd_ascii_small.txt", small, MotdLanguage::Ascii},
                      {"motd_nothing_known.txt", nothing, MotdLanguage::English}};
  for (const Row& row : rows) {
    INFO(row.file);
    const std::string text = motd_text(row.facts, row.language);
    CHECK(text == golden(std::string("unit/steps/golden/") + row.file, text));
  }
}

TEST_CASE("NPUs are counted by the rows of npu-smi that name them") {
  constexpr const char* kTwo =
      "+---------------------------------------------------------------------------+\n"
      "| npu-smi 23.0.rc2                 Version: 23.0.rc2                        |\n"
      "+---------------------------+---------------+-------------------------------+\n"
      "| NPU   Name                | Health        | Power(W)    Temp(C)           |\n"
      "| Chip                      | Bus-Id        | AICore(%)   Memory-Usage(MB)  |\n"
      "+===========================+===============+===============================+\n"
      "| 0     910B3               | OK            | 91.6        40                |\n"
      "| 0                         | 0000:C1:00.0  | 0           0    / 0          |\n"
      "+===========================+===============+===============================+\n"
      "| 1     Ascend910           | Warning       | -           34                |\n"
      "| 0     2                   | 0000:9F:00.0  | 0           0    / 0          |\n"
      "+===========================+===============+===============================+\n"
      "| NPU     Chip              | Process id    | Process name                  |\n"
      "| 0       0                 | 1234          | python                        |\n"
      "| No running processes found in NPU 1                                       |\n";
  CHECK(parse_npu_names(kTwo) == std::vector<std::string>{"910B3", "Ascend910"});
  CHECK(parse_npu_names("").empty());
  CHECK(parse_npu_names("DrvMngGetConsoleLogLevel failed. (g_conLogLevel=3)\n").empty());
  MotdFacts facts;
  facts.npus = {"910B3", "910B3"};
  CHECK(motd_text(facts, MotdLanguage::English).find("NPU\033[0m    : 910B3, 2\n") !=
        std::string::npos);
  const std::string plain = motd_text(facts, MotdLanguage::English, false);
  CHECK(plain.find("NPU    : 910B3, 2\n") != std::string::npos);
  CHECK(plain.find('\033') == std::string::npos);
}

TEST_CASE("all lines of the table are equally wide") {
  for (const MotdLanguage language :
       {MotdLanguage::Chinese, MotdLanguage::English, MotdLanguage::Ascii}) {
    const std::string text = motd_text({}, language);
    std::size_t width = 0;
    std::size_t lines = 0;
    std::size_t at = 0;
    while (at < text.size()) {
      const auto end = text.find('\n', at);
      const std::string line = text.substr(at, end - at);
      at = end + 1;
      const bool of_table = line.starts_with("╔") || line.starts_with("║") ||
                            line.starts_with("╠") || line.starts_with("╚") || line.starts_with("|");
      if (!of_table) continue;
      if (width == 0) width = display_width(line);
      CHECK(display_width(line) == width);
      ++lines;
    }
    CHECK(lines == (language == MotdLanguage::Ascii ? 2 : 5));
  }
}
