#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include "base/text.h"
#include "cli/control_commands.h"
#include "cli/output.h"
#include "cli/raw_terminal.h"
#include "cli/session_client.h"
#include "cli/signal_reader.h"
#include "cli/top_view.h"
#include "wire/query.h"

namespace bootsman {

namespace {

using Clock = std::chrono::steady_clock;

constexpr Millis kEvery{2'000};
constexpr Millis kPatience{5'000};
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[?25h\x1b[?1049l";

/// The other screen of the terminal, keys as they are, no cursor. As before at the end of its life.
class FullScreen {
 public:
  static Result<FullScreen> enter() {
    auto raw = RawTerminal::enter();
    if (!raw) return fail(std::move(raw).error());
    print(std::string(kEnter));
    return FullScreen(std::move(*raw));
  }
  FullScreen(FullScreen&&) = default;
  FullScreen& operator=(FullScreen&&) = delete;
  ~FullScreen() {
    if (raw_.active()) print(std::string(kLeave));
  }

 private:
  explicit FullScreen(RawTerminal raw) : raw_(std::move(raw)) {}
  RawTerminal raw_;
};

class Top {
  /// "Press the key once more": of that unit.
  struct Question {
    TopKey key = TopKey::None;
    std::string unit = {};
  };

 public:
  Top(const ControlClient& client, std::vector<std::string> names, bool keys)
      : client_(client), names_(std::move(names)) {
    state_.keys = keys;
  }

  /// An error: the init is gone.
  Result<void> refresh() {
    auto reply = client_.ask("GET", "/v1/units?usage=true", kPatience);
    if (!reply) return fail(std::move(reply).error());
    if (reply->status != 200) return fail(error_of(*reply));
    const Value* units = reply->body.find("units");
    Value::Array found = units != nullptr && units->array() != nullptr ? *units->array()
                                                                       : Value::Array{};
    if (!names_.empty()) {
      std::erase_if(found, [&](const Value& unit) {
        return std::ranges::none_of(names_, [&](const std::string& name) {
          return unit.get_string("id") == name || unit.get_string("name") == name;
        });
      });
    }
    measure(found);
    const std::string before = chosen();
    state_.units = std::move(found);
    keep_choice(state_, before);
    return state_.keys ? read_log() : Result<void>{};
  }

  std::string screen(bool colour) const {
    return top_screen(state_, terminal_size().value_or(WindowSize{24, 80}), colour);
  }
  const TopState& state() const { return state_; }

  /// False: it is over.
  bool press(TopKey key) {
    const Question asked = std::exchange(question_, {});
    state_.message.clear();
    if (key == TopKey::Quit) return false;
    if (!state_.keys || rows() == 0) return true;
    if (key == TopKey::Up && state_.chosen > 0) --state_.chosen;
    if (key == TopKey::Down && state_.chosen + 1 < rows()) ++state_.chosen;
    const bool sure = asked.key == key && asked.unit == chosen();
    if (key == TopKey::Restart) change("restart", key, sure);
    if (key == TopKey::Stop) change("stop", key, sure);
    if (key == TopKey::Start) change("start", key, true);
    return true;
  }
  /// Whether the last key was a question, whose answer is another key.
  bool asks() const { return question_.key != TopKey::None; }

  std::string chosen() const {
    const auto shown = top_rows(state_);
    return state_.chosen < shown.size() ? shown[state_.chosen].get_string("id") : "";
  }
  void say(std::string message) { state_.message = std::move(message); }

 private:
  std::size_t rows() const { return top_rows(state_).size(); }

  /// What takes work away is asked for twice.
  void change(const std::string& verb, TopKey key, bool sure) {
    const std::string unit = chosen();
    if (!sure) {
      question_ = {key, unit};
      state_.message = "press the key once more to " + verb + " " + unit;
      return;
    }
    // Its end is seen in the table; to wait for it here would stop the clock.
    const auto reply = client_.ask(
        "POST", "/v1/units/" + percent_encode(unit) + "/" + verb + "?timeout=1ms", kPatience);
    const bool under_way = reply && (reply->status == 200 || reply->status == 504);
    state_.message = under_way ? verb + " of " + unit + " is under way"
                     : reply   ? error_of(*reply)
                               : reply.error().message();
  }

  void measure(const Value::Array& units) {
    const auto now = Clock::now();
    const double passed = std::chrono::duration<double>(now - measured_).count();
    std::map<std::string, double> spent;
    state_.cpu.clear();
    for (const Value& unit : units) {
      const auto id = unit.get_string("id");
      if (unit.find("cpu_seconds") == nullptr) continue;
      spent[id] = number_of(unit, "cpu_seconds");
      const auto before = spent_.find(id);
      if (before == spent_.end() || passed <= 0) continue;
      state_.cpu[id] = std::max(0.0, (spent[id] - before->second) / passed * 100);
    }
    spent_ = std::move(spent);
    measured_ = now;
  }

  Result<void> read_log() {
    state_.log.clear();
    const auto unit = chosen();
    if (unit.empty()) return {};
    const auto reply =
        client_.ask("GET", "/v1/logs?n=100&unit=" + percent_encode(unit), kPatience);
    if (!reply) return fail(reply.error());
    const Value* lines = reply->body.find("lines");
    if (lines == nullptr || lines->array() == nullptr) return {};
    for (const Value& line : *lines->array()) state_.log.push_back(line.get_string("text"));
    return {};
  }

  const ControlClient& client_;
  std::vector<std::string> names_;
  TopState state_;
  Question question_;
  std::map<std::string, double> spent_;
  Clock::time_point measured_{};
};

/// Nobody types: the table again and again, for a pipe.
int print_for_ever(Top& top) {
  for (;;) {
    if (auto read = top.refresh(); !read) return complain(read.error().message(), kBad);
    TableStyle style = style_of_stdout();
    style.cpu = &top.state().cpu;
    if (!print(status_table(top.state().units, style) + "\n")) return 0;
    ::poll(nullptr, 0, static_cast<int>(kEvery.count()));
  }
}

/// The whole terminal, until a key or a signal ends it.
class Watcher {
 public:
  Watcher(Top& top, bool colour) : top_(top), colour_(colour) {}

  int run() {
    if (auto read = top_.refresh(); !read) return complain(read.error().message(), kBad);
    if (!enter()) return leave();
    while (goes_on_ && !gone_ && print(top_.screen(colour_))) turn();
    return leave();
  }

 private:
  bool enter() {
    auto screen = FullScreen::enter();
    if (!screen) {
      gone_ = screen.error();
      return false;
    }
    screen_.emplace(std::move(*screen));
    return true;
  }

  int leave() {
    screen_.reset();
    return gone_ ? complain(gone_->message(), kBad) : code_;
  }

  void turn() {
    std::array<pollfd, 2> watched{{{STDIN_FILENO, POLLIN, 0}, {signals_.fd(), POLLIN, 0}}};
    const auto left = std::chrono::ceil<Millis>(next_ - Clock::now()).count();
    ::poll(watched.data(), watched.size(), static_cast<int>(std::max<long>(left, 0)));
    if (watched[1].revents != 0) {
      const int number = signals_.next();
      if (number > 0 && number != SIGWINCH) {
        code_ = 128 + number;
        goes_on_ = false;
        return;
      }
    }
    const bool pressed = watched[0].revents != 0 && press();
    if (!goes_on_ || gone_ || (!pressed && Clock::now() < next_)) return;
    if (auto read = top_.refresh(); !read) gone_ = read.error();
    next_ = Clock::now() + kEvery;
  }

  /// Whether what is shown has changed.
  bool press() {
    char typed[64];
    const auto count = ::read(STDIN_FILENO, typed, sizeof typed);
    if (count <= 0) {
      goes_on_ = count < 0 && errno == EINTR;
      return false;
    }
    std::string_view rest(typed, static_cast<std::size_t>(count));
    bool known = false;
    while (!rest.empty() && goes_on_) {
      const auto key = take_top_key(rest);
      if (key == TopKey::None) continue;
      known = true;
      goes_on_ = top_.press(key);
      if (!goes_on_ || top_.asks()) break;  // Nobody answers what was not on the screen yet.
      if (key != TopKey::Attach || top_.chosen().empty()) continue;
      attach();
      break;
    }
    return known;
  }

  void attach() {
    screen_.reset();
    print("attached to " + top_.chosen() + "; Ctrl-] twice leads back\r\n");
    const auto result = attach_to(top_.chosen());
    if (result.code > 128) {
      code_ = result.code;
      goes_on_ = false;
    } else if (enter()) {
      top_.say(result.message);
    }
  }

  Top& top_;
  bool colour_;
  const SignalReader signals_;
  std::optional<FullScreen> screen_;
  std::optional<Error> gone_;
  int code_ = 0;
  bool goes_on_ = true;
  Clock::time_point next_ = Clock::now() + kEvery;
};

}  // namespace

int watch_status(const std::vector<std::string>& names, bool keys) {
  const auto client = ControlClient::find();
  if (!client) return complain(client.error().message(), kNoInit);
  for (const std::string& name : names) {
    const auto reply = client->ask("GET", "/v1/units/" + percent_encode(name), kPatience);
    if (!reply) return complain(reply.error().message(), kBad);
    if (reply->status != 200) return complain(error_of(*reply), kBad);
  }
  Top top(*client, names, keys);
  const bool terminal = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
  if (terminal) return Watcher(top, style_of_stdout().colour).run();
  if (!keys) return print_for_ever(top);
  return complain("bootsman top needs a terminal; for a pipe there is bootsman status --watch",
                  kUsage);
}

int top_command(const Invocation&) {
  return watch_status({}, true);
}

}  // namespace bootsman
