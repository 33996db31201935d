#pragma once

#include <string>

#include "base/text.h"
#include "plan/plan.h"

// A plan as text, one unit a line or with everything, for golden files and comparisons.

namespace bootsman::tests {

inline std::string names_of(const Plan& plan, const std::vector<UnitIndex>& units) {
  std::string text;
  for (const UnitIndex unit : units) text += (text.empty() ? "" : " ") + plan[unit].id();
  return text;
}

inline std::string probe_text(const Probe& probe) {
  if (const auto* tcp = std::get_if<TcpProbe>(&probe))
    return "tcp " + tcp->host + " " + std::to_string(tcp->port);
  if (const auto* http = std::get_if<HttpProbe>(&probe))
    return "http " + http->host + " " + std::to_string(http->port) + " " + http->path + " " +
           std::to_string(http->status) + (http->body.empty() ? "" : " \"" + http->body + "\"");
  if (const auto* exec = std::get_if<ExecProbe>(&probe)) return "exec " + join(exec->argv, " ");
  if (const auto* file = std::get_if<FileProbe>(&probe)) return "file " + file->path;
  if (std::holds_alternative<NotifyProbe>(probe)) return "notify";
  if (const auto* fd = std::get_if<NotifyFdProbe>(&probe))
    return "notify_fd " + std::to_string(fd->fd);
  if (const auto* watchdog = std::get_if<WatchdogProbe>(&probe))
    return "watchdog " + format_duration(watchdog->within);
  if (const auto* log = std::get_if<LogProbe>(&probe)) return "log " + log->text;
  return "mount";
}

inline std::string check_text(const CheckPlan& check) {
  return probe_text(check.probe) + ", delay " + format_duration(check.initial_delay) + ", every " +
         format_duration(check.every) + ", timeout " + format_duration(check.timeout) +
         ", failures " + std::to_string(check.failures) +
         (check.on_unhealthy == OnUnhealthy::Restart ? ", restart" : ", mark");
}

inline std::string launch_text(const Launch& launch) {
  std::string text = "  command: " + join(launch.argv, " ") + "\n";
  const auto add = [&](const std::string& key, const std::string& value) {
    if (!value.empty()) text += "  " + key + ": " + value + "\n";
  };
  add("path", join(launch.path, " "));
  add("directory", launch.directory);
  for (const EnvVar& variable : launch.env) add("env", variable.name + "=" + variable.value);
  add("secrets", join(launch.secrets, " "));
  if (launch.account) {
    std::string groups;
    for (const std::uint32_t gid : launch.account->groups) groups += " " + std::to_string(gid);
    add("account",
        std::to_string(launch.account->uid) + ":" + std::to_string(launch.account->gid) + groups);
  }
  for (const ResourceLimit& limit : launch.limits)
    add("limit", std::to_string(limit.resource) + " " +
                     (limit.value == ResourceLimit::kUnlimited ? std::string("unlimited")
                                                               : std::to_string(limit.value)));
  if (launch.ioprio) add("ioprio", std::to_string(*launch.ioprio));
  if (launch.dropped != 0) add("dropped", std::to_string(launch.dropped));
  if (launch.ambient != 0) add("ambient", std::to_string(launch.ambient));
  if (launch.tty) add("tty", "true");
  if (launch.nice) add("nice", std::to_string(*launch.nice));
  if (launch.oom_score_adj) add("oom_score_adj", std::to_string(*launch.oom_score_adj));
  if (launch.umask) add("umask", std::to_string(*launch.umask));
  if (launch.no_new_privileges) add("no_new_privileges", "true");
  return text;
}

inline std::string log_details(const LogPlan& log) {
  std::string text = log.time ? " time" : "";
  if (log.mark_stderr) text += " mark_stderr";
  if (log.fold > Millis(0)) text += " fold=" + format_duration(log.fold);
  if (log.join == LogJoin::Indent) text += " join";
  if (log.rate > 0) text += " rate=" + std::to_string(log.rate);
  if (!log.file.path.empty())
    text += " file=" + log.file.path + " size=" + std::to_string(log.file.size) +
            " count=" + std::to_string(log.file.count);
  return text;
}

inline std::string policy_text(const Unit& unit) {
  const RestartPolicy& restart = unit.restart;
  std::string codes;
  for (const int code : unit.success_codes) codes += " " + std::to_string(code);
  std::string text = "  restart: " + std::to_string(static_cast<int>(restart.when)) + " " +
                     format_duration(restart.delay) + " " + format_duration(restart.max_delay) +
                     " " + std::to_string(restart.factor) + " " + std::to_string(restart.jitter) +
                     " " + format_duration(restart.reset_after) + " " +
                     std::to_string(restart.limit) + " " + format_duration(restart.within) + "\n";
  text += "  stop: " + signal_name(unit.stop.signal);
  for (const LaterSignal& later : unit.stop.later)
    text += ", " + format_duration(later.after) + ", " + signal_name(later.signal);
  text += " " + format_duration(unit.stop.timeout) + " " +
          std::to_string(static_cast<int>(unit.stop.kill)) + "\n";
  if (!unit.stop.command.empty()) text += "  stop command: " + join(unit.stop.command, " ") + "\n";
  if (unit.ready) text += "  ready: " + check_text(*unit.ready) + "\n";
  if (unit.health) text += "  health: " + check_text(*unit.health) + "\n";
  text += "  settle: " + format_duration(unit.settle) + ", success:" + codes;
  if (unit.timeout) text += ", timeout: " + format_duration(*unit.timeout);
  for (const Signal signal : unit.forward) text += ", forward: " + signal_name(signal);
  text += "\n  log: " + std::to_string(static_cast<int>(unit.log.format)) + " " +
          std::to_string(static_cast<int>(unit.log.when_blocked)) +
          (unit.log.merge ? " merge" : "") + log_details(unit.log) + "\n";
  return text;
}

inline std::string mount_text(const MountPlan& mount) {
  std::string text = "  mount: " + std::string(to_text(mount.type)) + " " + mount.source + " on " +
                     mount.target + (mount.read_only ? " read-only" : "") + "\n";
  for (const std::string& option : mount.options) text += "  option: " + option + "\n";
  if (!mount.s3) return text;
  const S3Access& s3 = *mount.s3;
  text += "  s3: " + s3.endpoint + " " + s3.bucket + " \"" + s3.prefix + "\" " + s3.region + " " +
          s3.access_key + " " + s3.secret + (s3.preflight ? " preflight" : "") + "\n";
  if (!s3.decryptor.empty()) text += "  decryptor: " + join(s3.decryptor, " ") + "\n";
  if (!s3.cache.empty())
    text += "  cache: " + s3.cache + " " + std::to_string(s3.cache_limit) + "\n";
  return text;
}

inline std::string full_text(const Plan& plan, const Unit& unit) {
  std::string text = unit.id() + "\n  on_failure: " + std::string(to_text(unit.on_failure)) + "\n";
  const auto add = [&](const std::string& key, const std::string& value) {
    if (!value.empty()) text += "  " + key + ": " + value + "\n";
  };
  add("after", names_of(plan, unit.after));
  add("requires", names_of(plan, unit.requires_));
  add("restart_on", names_of(plan, unit.restart_on));
  add("if_exists", join(unit.conditions.if_exists, " "));
  add("if_not_exists", join(unit.conditions.if_not_exists, " "));
  add("skip", unit.conditions.skip_reason);
  if (unit.early) add("early", "true");
  if (unit.builtin) {
    add("when", std::to_string(static_cast<int>(unit.builtin->when)));
    return text;
  }
  if (unit.mount) text += mount_text(*unit.mount);
  return text + launch_text(unit.launch) + policy_text(unit);
}

inline std::string full_text(const Plan& plan) {
  std::string text = "shutdown " + format_duration(plan.shutdown.drain) + " " +
                     format_duration(plan.shutdown.timeout) + "\nhttp " +
                     (plan.http.enabled ? "on" : "off");
  for (const ListenAddress& address : plan.http.listen)
    text += " " + address.host + " " + std::to_string(address.port);
  text += "\ntermination " + plan.termination_log;
  text += "\nsecrets " + join(plan.secret_names, " ") + "\n";
  for (const Unit& unit : plan.units) text += full_text(plan, unit);
  return text;
}

}  // namespace bootsman::tests
