#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/value.h"
#include "helper/apply.h"
#include "helper/record.h"
#include "steps/catalog.h"

namespace bootsman {

/// The file that says "the first boot is over": also what workspace images looked for before.
inline constexpr const char* kFirstBootFlag = "/etc/matrixdc-init";

/// Applies built-in steps, one after the other, as helper/protocol.h says.
class StepRunner {
 public:
  using Answer = std::function<void(const Value&)>;

  /// `facts` without the parts that change from step to step.
  StepRunner(StepFacts facts, Answer answer, std::string first_boot_flag = kFirstBootFlag);

  using Pretend = std::function<ApplyOutcome(const StepWork&)>;
  /// From now on nothing is written, recorded or locked: the work goes to `pretend` instead.
  void only_pretend(Pretend pretend) { pretend_ = std::move(pretend); }

  /// One entry of the request's "steps". Its answers are given before this returns; a failure
  /// concerns this step alone.
  void run(const Value& entry);

  /// To be called after the last step: leaves the sign that the first boot is over.
  void finish();

 private:
  struct Verdict {
    std::string result;  ///< "changed", "unchanged", "skipped" or "failed".
    std::string why;
    bool unused = false;  ///< Skipped, since nobody asked for it.
  };

  Verdict decide(const std::string& id, const BuiltIn& step, const Value& entry);
  ApplyOutcome carry_out(const std::string& id, const StepWork& work);
  Verdict apply(const std::string& id, const BuiltIn& step, const Value& settings);
  /// Not empty: the step is not due, for this reason.
  std::string not_due(const BuiltIn& step, const std::string& when) const;
  bool foreign_flag() const;
  void tell(const std::string& id, const StepWork& work);
  /// To be called before a command that changes something is run.
  void announce(const std::string& id, const CommandLine& command);
  void announce_transfers(const std::string& id, const StepWork& work);
  void announce_time(const std::string& id, Millis time);
  void say(const std::string& id, const std::string& text, const char* severity);
  void remember(const std::string& id, const BuiltIn& step, const StepWork& work);
  void remember_beside(const std::string& id, StepRecord& record);
  Record& record_in(const std::string& folder);

  StepFacts facts_;
  Answer answer_;
  Pretend pretend_;
  std::string flag_;
  Record record_;
  std::map<std::string, Record> volumes_;  ///< By the folder of the record.
  bool first_boot_seen_ = false;
  bool first_boot_failed_ = false;
  bool record_warned_ = false;
};

}  // namespace bootsman
