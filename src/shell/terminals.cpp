#include "shell/terminals.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/json.h"

namespace bootsman {

namespace {

/// What may wait for a program that does not read what is typed; beyond, keys are lost, as on any
/// terminal.
constexpr std::size_t kTypedMax = 4 * 1024;
/// Of the latest output, for who comes now.
constexpr std::size_t kTailBytes = 16 * 1024;

void set_size(int terminal, WindowSize size) {
  if (terminal < 0) return;
  // Set twice, since a program draws itself anew only at a change, and a new viewer sees nothing
  // before.
  const winsize other{static_cast<unsigned short>(size.rows + 1), size.columns, 0, 0};
  const winsize wanted{size.rows, size.columns, 0, 0};
  ::ioctl(terminal, TIOCSWINSZ, &other);
  ::ioctl(terminal, TIOCSWINSZ, &wanted);
}

/// The unit's terminal ends its lines by "\n" alone, for the log's sake. A person's wants "\r\n",
/// unless the program has taken over the screen.
bool wants_returns(int terminal) {
  termios modes{};
  if (terminal < 0 || ::tcgetattr(terminal, &modes) != 0) return true;
  return (modes.c_oflag & OPOST) != 0 && (modes.c_oflag & ONLCR) == 0;
}

std::string with_returns(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 16);
  for (const char byte : bytes) {
    if (byte == '\n') out += '\r';
    out += byte;
  }
  return out;
}

std::string end_frame(int code, std::string_view error) {
  Value end;
  end.set("code", code);
  if (!error.empty()) end.set("error", error);
  return frame(FrameType::End, to_json(end));
}

}  // namespace

Answer Terminals::attach(UnitIndex unit, WindowSize size, Responder client) {
  Screen& screen = screens_[unit];
  if (screen.viewers.size() >= kViewersMax) {
    Response refused;
    refused.status = 429;
    Value body;
    body.set("error", "cannot attach another client: " + std::to_string(kViewersMax) +
                          " look on already");
    refused.body = to_json(body) + "\n";
    return refused;
  }
  const auto key = ++last_;
  auto viewer = std::make_unique<Viewer>();
  viewer->key = key;
  viewer->client = std::move(client);
  viewer->size = size;
  AnswerUpgrade answer;
  answer.protocol = kSessionProtocol;
  answer.events = events(key);
  std::string text;
  for (const auto& line : logs_.ring().tail(LogHub::ring_writer(unit), size.rows, kTailBytes)) {
    text += line + "\r\n";
  }
  if (!text.empty()) answer.head.body = frame(FrameType::Output, text);
  if (!screen.viewers.empty()) {
    answer.head.body += frame(FrameType::Errors,
                              "another client types here; this one only looks on\r\n");
  }
  screen.viewers.push_back(std::move(viewer));
  if (screen.viewers.size() == 1) {
    logs_.watch_terminal(unit, true);
    set_size(logs_.terminal_of(unit), size);
  }
  return answer;
}

Terminals::Terminals(LogHub& logs) : logs_(logs) {
  logs_.on_terminal_output([this](UnitIndex unit, std::string_view bytes) { seen(unit, bytes); });
}

StreamEvents Terminals::events(std::uint64_t key) {
  StreamEvents events;
  events.received = [this, key](std::string_view bytes) { received(key, bytes); };
  events.ended = [this, key] { leave(key); };
  events.gone = [this, key] { leave(key); };
  return events;
}

void Terminals::seen(UnitIndex unit, std::string_view bytes) {
  const auto found = screens_.find(unit);
  if (found == screens_.end()) return;
  Screen& screen = found->second;
  const std::string shown =
      wants_returns(logs_.terminal_of(unit)) ? with_returns(bytes) : std::string(bytes);
  const std::string out = frame(FrameType::Output, shown);
  for (auto& viewer : screen.viewers) {
    if (viewer->client.room() < out.size() * 2) {
      viewer->missed = true;
      continue;
    }
    if (std::exchange(viewer->missed, false)) {
      viewer->client.write(frame(FrameType::Errors, "\r\n(some output was missed here)\r\n"));
    }
    viewer->client.write(out);
  }
  write_input(unit, screen);
}

Terminals::Place Terminals::find(std::uint64_t key) {
  for (auto& [unit, screen] : screens_) {
    for (std::size_t i = 0; i < screen.viewers.size(); ++i) {
      if (screen.viewers[i]->key == key) return {unit, &screen, i};
    }
  }
  return {};
}

void Terminals::received(std::uint64_t key, std::string_view bytes) {
  const Place place = find(key);
  if (place.screen == nullptr) return;
  Viewer& viewer = *place.screen->viewers[place.index];
  bool leaves = false;
  const bool good = viewer.frames.feed(bytes, [&](FrameType type, std::string_view payload) {
    leaves = leaves || type == FrameType::EndOfInput;
    take(place.unit, *place.screen, viewer, type, payload);
  });
  write_input(place.unit, *place.screen);
  if (!good || leaves) leave(key);
}

void Terminals::take(UnitIndex unit, Screen& screen, Viewer& viewer, FrameType type,
                     std::string_view payload) {
  const bool types = screen.viewers.front().get() == &viewer;
  if (type == FrameType::Size && read_size(payload, viewer.size) && types) {
    set_size(logs_.terminal_of(unit), viewer.size);
  } else if (type == FrameType::Input && types && screen.input.size() < kTypedMax) {
    screen.input += payload;
  }
}

/// What the terminal does not take now is tried again at its next output, or the next key.
void Terminals::write_input(UnitIndex unit, Screen& screen) {
  const int terminal = logs_.terminal_of(unit);
  if (terminal < 0) return screen.input.clear();
  while (!screen.input.empty()) {
    const auto count = ::write(terminal, screen.input.data(), screen.input.size());
    if (count > 0) {
      screen.input.erase(0, static_cast<std::size_t>(count));
    } else if (count < 0 && errno == EINTR) {
      continue;
    } else if (count < 0 && errno == EAGAIN) {
      return;
    } else {
      return screen.input.clear();
    }
  }
}

void Terminals::leave(std::uint64_t key) {
  const Place place = find(key);
  if (place.screen == nullptr) return;
  auto& viewers = place.screen->viewers;
  const auto viewer = std::move(viewers[place.index]);
  viewers.erase(viewers.begin() + static_cast<std::ptrdiff_t>(place.index));
  viewer->client.write(end_frame(0, ""));
  viewer->client.end();
  if (viewers.empty()) {
    logs_.watch_terminal(place.unit, false);
    screens_.erase(place.unit);
  } else if (place.index == 0) {
    const Viewer& next = *viewers.front();
    next.client.write(frame(FrameType::Errors, "\r\nthis client types from here on\r\n"));
    set_size(logs_.terminal_of(place.unit), next.size);
  }
}

void Terminals::end(Screen& screen, std::string_view why) {
  for (auto& viewer : screen.viewers) {
    viewer->client.write(end_frame(0, why));
    viewer->client.end();
  }
}

void Terminals::renumber(const std::vector<std::optional<UnitIndex>>& moved) {
  for (auto& [unit, screen] : std::exchange(screens_, {})) {
    if (unit.value < moved.size() && moved[unit.value])
      screens_.emplace(*moved[unit.value], std::move(screen));
    else
      end(screen, "the unit is not in the new configuration");
  }
}

void Terminals::hang_up() {
  for (auto& [unit, screen] : std::exchange(screens_, {})) {
    logs_.watch_terminal(unit, false);
    end(screen, "the container is being stopped");
  }
}

}  // namespace bootsman
