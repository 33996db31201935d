#include "plan/log_plan.h"

#include "base/text.h"
#include "plan/unit_plan.h"

namespace bootsman {
namespace {

void read_format(const Settings& settings, LogPlan& log) {
  read_word(settings, "log.format", {"text", "json", "raw"}, log.format);
}

/// The keys that mean the same in [log] and in a unit, but for the format.
void read_common(const Settings& settings, LogPlan& log) {
  read_word(settings, "log.when_blocked", {"wait", "drop"}, log.when_blocked);
  read_word(settings, "log.join", {"none", "indent"}, log.join);
  settings.read<bool>("log.time", log.time);
  settings.read<bool>("log.mark_stderr", log.mark_stderr);
  settings.read<bool>("log.merge", log.merge);
  settings.read<Millis>("log.fold", log.fold);
  settings.read<std::int64_t>("log.rate", log.rate);
}

void read_top(const Settings& top, LogPlan& log) {
  read_word(top, "log.colour", {"auto", "always", "never"}, log.colour);
  read_common(top, log);
}

void read_file(const UnitConfig& unit, LogFilePlan& file, Diagnostics& diagnostics) {
  const Setting* setting = unit.settings.find("log.file.path");
  if (setting == nullptr || setting->unresolved) return;
  unit.settings.read<std::string>("log.file.path", file.path);
  unit.settings.read<std::uint64_t>("log.file.size", file.size);
  unit.settings.read<std::int64_t>("log.file.count", file.count);
  if (!file.path.starts_with('/') || file.path.ends_with('/'))
    diagnostics.error(
        setting->at, unit.id() + ".log.file.path",
        "must be the absolute path of a file, not \"" + printable(file.path, 80) + "\"");
}

}  // namespace

LogPlan plan_log(const Settings& top) {
  LogPlan log;
  read_format(top, log);
  read_top(top, log);
  return log;
}

LogPlan plan_unit_log(const UnitConfig& unit, const Settings& top, Diagnostics& diagnostics) {
  const bool job = unit.kind == ConfigKind::Job;
  LogPlan log;
  log.format = job ? LogFormat::Raw : LogFormat::Text;
  log.when_blocked = unit.kind == ConfigKind::Service ? WhenBlocked::Drop : WhenBlocked::Wait;
  // What scrapes a job's output expects its lines bare, so a format for all is not meant for it.
  if (!job) read_format(top, log);
  read_top(top, log);
  read_format(unit.settings, log);
  read_common(unit.settings, log);
  read_file(unit, log.file, diagnostics);
  return log;
}

}  // namespace bootsman
