#include "plan/log_plan.h"

#include <doctest/doctest.h>

#include "config/keys.h"
#include "lib/configs.h"

namespace bootsman {
namespace {

Settings settings(std::initializer_list<std::pair<const char*, SettingValue>> values) {
  Settings made;
  for (const auto& [path, value] : values) {
    Setting setting;
    setting.value = value;
    made.set(path, setting);
  }
  return made;
}

LogPlan planned(ConfigKind kind, const Settings& own, const Settings& top, std::string* said) {
  UnitConfig unit;
  unit.kind = kind;
  unit.name = "a";
  unit.settings = own;
  Diagnostics diagnostics;
  const LogPlan log = plan_unit_log(unit, top, diagnostics);
  if (said != nullptr) *said = diagnostics.has_errors() ? "errors" : "";
  return log;
}

TEST_CASE("log plan: the unit's own keys go before [log], that before the kind's") {
  const Settings none;
  const Settings top = settings({{"log.format", std::string("json")},
                                 {"log.time", true},
                                 {"log.when_blocked", std::string("wait")},
                                 {"log.colour", std::string("never")},
                                 {"log.rate", std::int64_t{100}},
                                 {"log.fold", Millis(5'000)},
                                 {"log.join", std::string("indent")}});
  const Settings own = settings({{"log.format", std::string("raw")},
                                 {"log.rate", std::int64_t{0}},
                                 {"log.mark_stderr", true},
                                 {"log.join", std::string("none")}});

  const LogPlan plain = planned(ConfigKind::Service, none, none, nullptr);
  CHECK(plain == LogPlan{});
  CHECK(planned(ConfigKind::Step, none, none, nullptr).when_blocked == WhenBlocked::Wait);

  const LogPlan general = planned(ConfigKind::Service, none, top, nullptr);
  CHECK(general.format == LogFormat::Json);
  CHECK(general.time);
  CHECK(general.when_blocked == WhenBlocked::Wait);
  CHECK(general.colour == LogColour::Never);
  CHECK(general.rate == 100);
  CHECK(general.fold == Millis(5'000));
  CHECK(general.join == LogJoin::Indent);
  CHECK(planned(ConfigKind::Job, none, top, nullptr).format == LogFormat::Raw);
  CHECK(plan_log(top).format == LogFormat::Json);

  const LogPlan special = planned(ConfigKind::Service, own, top, nullptr);
  CHECK(special.format == LogFormat::Raw);
  CHECK(special.rate == 0);
  CHECK(special.mark_stderr);
  CHECK(special.join == LogJoin::None);
  CHECK(special.time);
}

TEST_CASE("log plan: a log file needs an absolute path") {
  const auto file = [](const char* path) {
    return settings({{"log.file.path", std::string(path)}, {"log.file.size", std::uint64_t{5}}});
  };
  std::string said;
  const LogPlan good = planned(ConfigKind::Service, file("/var/log/a.log"), {}, &said);
  CHECK(said.empty());
  CHECK(good.file == LogFilePlan{"/var/log/a.log", 5, 5});
  for (const char* path : {"a.log", "", "/var/log/"}) {
    CAPTURE(path);
    planned(ConfigKind::Service, file(path), {}, &said);
    CHECK(said == "errors");
  }
}

}  // namespace
}  // namespace bootsman
