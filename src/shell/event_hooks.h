#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "plan/hooks_plan.h"
#include "shell/helpers.h"
#include "shell/launcher.h"
#include "shell/own_log.h"
#include "wire/event_log.h"

namespace bootsman {

/// Tells programs and a server of what people want to know of (helper/hook_task.h), in helpers: one
/// for the programs, one for the server, so that neither waits for the other, and the init for none
/// of them. What comes while a helper works waits in a bounded queue; what has no room there is
/// counted and said.
class EventHooks {
 public:
  /// For each of the two.
  static constexpr std::size_t kWaitingMax = 64;

  /// Borrows all.
  EventHooks(Helpers& helpers, const UnitEnvironment& environment, OwnLog& log,
             const HooksPlan& plan)
      : helpers_(helpers), environment_(environment), log_(log), plan_(plan) {}

  void happened(const EventRecord& event);
  /// The helpers at work; their programs are nothing that a unit has left over.
  std::vector<HelperId> helpers() const;
  /// Whether somebody is still to be told of something.
  bool busy() const { return lines_[0].under_way || lines_[1].under_way; }

 private:
  struct Line {
    std::deque<std::string> waiting;  ///< Events as JSON.
    bool under_way = false;
    HelperId helper{};
    std::uint64_t lost = 0;
  };
  void start(bool web);

  Helpers& helpers_;
  const UnitEnvironment& environment_;
  OwnLog& log_;
  const HooksPlan& plan_;
  std::array<Line, 2> lines_;  ///< The programs', the server's.
};

}  // namespace bootsman
