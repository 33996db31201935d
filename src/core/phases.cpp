#include "core/phases.h"

#include <algorithm>

namespace bootsman {
namespace {

using Deadline = std::optional<MonoTime>;

enum class Course : std::uint8_t { Before, Live, Stopping, Final };

/// One row for each phase, from which the three questions below are answered.
struct CourseOf {
  Course operator()(const phase::Idle&) const { return Course::Before; }
  Course operator()(const phase::Waiting&) const { return Course::Before; }
  Course operator()(const phase::Held&) const { return Course::Before; }
  Course operator()(const phase::Asking&) const { return Course::Before; }
  Course operator()(const phase::Queued&) const { return Course::Before; }
  Course operator()(const phase::Backoff&) const { return Course::Before; }
  Course operator()(const phase::Applying&) const { return Course::Live; }
  Course operator()(const phase::Spawning&) const { return Course::Live; }
  Course operator()(const phase::Starting&) const { return Course::Live; }
  Course operator()(const phase::Running&) const { return Course::Live; }
  Course operator()(const phase::Ready&) const { return Course::Live; }
  Course operator()(const phase::Cancelling&) const { return Course::Stopping; }
  Course operator()(const phase::Recalled&) const { return Course::Stopping; }
  Course operator()(const phase::Stopping&) const { return Course::Stopping; }
  Course operator()(const phase::Cleaning&) const { return Course::Stopping; }
  Course operator()(const phase::Done&) const { return Course::Final; }
  Course operator()(const phase::Failed&) const { return Course::Final; }
  Course operator()(const phase::Blocked&) const { return Course::Final; }
  Course operator()(const phase::Skipped&) const { return Course::Final; }
  Course operator()(const phase::Stopped&) const { return Course::Final; }
};

Course course_of(const Phase& phase) {
  return std::visit(CourseOf{}, phase);
}

Deadline ready_deadline(const phase::ReadyBy& by) {
  struct At {
    Deadline operator()(const phase::UntilItsEnd&) const { return std::nullopt; }
    Deadline operator()(const phase::Settling& settling) const { return settling.ready_at; }
    Deadline operator()(const phase::UntilItsWord&) const { return std::nullopt; }
    Deadline operator()(const CheckTrack& track) const { return check_deadline(track); }
  };
  return std::visit(At{}, by);
}

}  // namespace

std::optional<MonoTime> earlier(std::optional<MonoTime> a, std::optional<MonoTime> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

bool is_final(const Phase& phase) {
  return course_of(phase) == Course::Final;
}

bool is_live(const Phase& phase) {
  const Course course = course_of(phase);
  return course == Course::Live || course == Course::Stopping;
}

bool is_stopping(const Phase& phase) {
  return course_of(phase) == Course::Stopping;
}

std::optional<Process> process_of(const Phase& phase) {
  if (const auto* p = std::get_if<phase::Starting>(&phase)) return p->process;
  if (const auto* p = std::get_if<phase::Running>(&phase)) return p->process;
  if (const auto* p = std::get_if<phase::Ready>(&phase)) return p->process;
  if (const auto* p = std::get_if<phase::Stopping>(&phase)) return p->process;
  return std::nullopt;
}

std::optional<RunId> run_of(const Phase& phase) {
  if (const auto process = process_of(phase)) return process->run;
  if (const auto* p = std::get_if<phase::Asking>(&phase)) return p->run;
  if (const auto* p = std::get_if<phase::Applying>(&phase)) return p->run;
  if (const auto* p = std::get_if<phase::Cancelling>(&phase)) return p->run;
  if (const auto* p = std::get_if<phase::Spawning>(&phase)) return p->run;
  if (const auto* p = std::get_if<phase::Recalled>(&phase)) return p->run;
  if (const auto* p = std::get_if<phase::Cleaning>(&phase)) return p->run;
  return std::nullopt;
}

std::optional<MonoTime> deadline_of(const Phase& phase) {
  struct At {
    Deadline operator()(const phase::Idle&) const { return std::nullopt; }
    Deadline operator()(const phase::Waiting&) const { return std::nullopt; }
    Deadline operator()(const phase::Held&) const { return std::nullopt; }
    Deadline operator()(const phase::Asking&) const { return std::nullopt; }
    Deadline operator()(const phase::Queued&) const { return std::nullopt; }
    Deadline operator()(const phase::Applying& p) const { return p.overdue_at; }
    Deadline operator()(const phase::Cancelling& p) const { return p.kill_at; }
    Deadline operator()(const phase::Spawning&) const { return std::nullopt; }
    Deadline operator()(const phase::Recalled&) const { return std::nullopt; }
    Deadline operator()(const phase::Starting& p) const { return p.complain_at; }
    Deadline operator()(const phase::Running& p) const {
      return earlier(p.overdue_at, ready_deadline(p.ready_by));
    }
    Deadline operator()(const phase::Ready& p) const {
      return p.health ? check_deadline(*p.health) : std::nullopt;
    }
    Deadline operator()(const phase::Stopping& p) const {
      return earlier(earlier(p.kill_at, p.next_at), p.blame_at);
    }
    Deadline operator()(const phase::Cleaning& p) const { return earlier(p.kill_at, p.give_up_at); }
    Deadline operator()(const phase::Backoff& p) const { return p.retry_at; }
    Deadline operator()(const phase::Done&) const { return std::nullopt; }
    Deadline operator()(const phase::Failed&) const { return std::nullopt; }
    Deadline operator()(const phase::Blocked&) const { return std::nullopt; }
    Deadline operator()(const phase::Skipped&) const { return std::nullopt; }
    Deadline operator()(const phase::Stopped&) const { return std::nullopt; }
  };
  return std::visit(At{}, phase);
}

}  // namespace bootsman
