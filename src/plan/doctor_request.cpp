#include "plan/doctor_request.h"

#include "plan/doctor.h"

namespace bootsman {

Value doctor_request(const Plan& plan, const std::function<std::string(const Launch&)>& path_of) {
  Value::Array units;
  for (const Unit& unit : plan.units) {
    const bool looked_for = !unit.launch.argv.empty() && unit.conditions.if_exists.empty() &&
                            unit.conditions.skip_reason.empty();
    Value entry;
    entry.set("kind", static_cast<int>(unit.kind));
    entry.set("name", unit.name);
    if (!unit.launch.argv.empty()) entry.set("program", unit.launch.argv[0]);
    if (looked_for) entry.set("path", path_of(unit.launch));
    if (needs_fuse(unit)) entry.set("fuse", true);
    units.push_back(std::move(entry));
  }
  Value request;
  request.set("units", std::move(units));
  request.set("timeout", plan.shutdown.timeout.count());
  request.set("drain", plan.shutdown.drain.count());
  return request;
}

DoctorQuestion read_doctor_request(const Value& request) {
  DoctorQuestion question;
  Plan& plan = question.plan;
  plan.shutdown.timeout = Millis(request.get_int("timeout", 0));
  plan.shutdown.drain = Millis(request.get_int("drain", 0));
  const Value* units = request.find("units");
  if (units == nullptr || units->array() == nullptr) return question;
  for (const Value& entry : *units->array()) {
    Unit& unit = plan.units.emplace_back();
    unit.kind = static_cast<UnitKind>(entry.get_int("kind", 0));
    unit.name = entry.get_string("name");
    unit.launch.argv = entry.get_strings("program");
    if (entry.get_bool("fuse", false))
      unit.mount.emplace().type = MountPlan::Type::S3fs;
    else if (entry.find("path") == nullptr)
      unit.conditions.skip_reason = "not looked for";
    question.paths.push_back(entry.get_string("path"));
  }
  return question;
}

}  // namespace bootsman
