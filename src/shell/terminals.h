#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shell/answer.h"
#include "shell/log_hub.h"
#include "wire/session_frames.h"

namespace bootsman {

/// Joins clients to the terminals of units with `tty = true`, by the protocol of
/// wire/session_frames.h. Several may look on; the one that came first types, and its window's size
/// is the terminal's; when it leaves, the next one does. They stay across restarts of the unit. A
/// viewer that is too slow misses bytes and is told so: the unit never waits for one.
class Terminals {
 public:
  /// Of one unit; beyond, a client gets 429.
  static constexpr std::size_t kViewersMax = 16;

  explicit Terminals(LogHub& logs);

  /// The answer to a client that asks for kSessionProtocol. The latest lines of the unit's
  /// output, as many as the window has, are shown first.
  Answer attach(UnitIndex unit, WindowSize size, Responder client);
  /// Another plan is in force; those of units that it lacks end. After the hub's own.
  void renumber(const std::vector<std::optional<UnitIndex>>& moved);
  /// Ends all: the container stops.
  void hang_up();

 private:
  struct Viewer {
    std::uint64_t key = 0;
    Responder client;
    FrameReader frames;
    WindowSize size;
    bool missed = false;  ///< It had no room for some bytes.
  };
  struct Screen {
    std::vector<std::unique_ptr<Viewer>> viewers;  ///< The first one types.
    std::string input;                             ///< Not taken by the terminal yet.
  };

  struct Place {
    UnitIndex unit = {};
    Screen* screen = nullptr;  ///< Null: there is no such viewer.
    std::size_t index = 0;
  };

  Place find(std::uint64_t key);
  StreamEvents events(std::uint64_t key);
  void seen(UnitIndex unit, std::string_view bytes);
  void received(std::uint64_t key, std::string_view bytes);
  void take(UnitIndex unit, Screen& screen, Viewer& viewer, FrameType type,
            std::string_view payload);
  void write_input(UnitIndex unit, Screen& screen);
  void leave(std::uint64_t key);
  static void end(Screen& screen, std::string_view why);

  LogHub& logs_;
  std::uint64_t last_ = 0;
  std::map<UnitIndex, Screen> screens_;
};

}  // namespace bootsman
