#include "shell/mounts.h"

#include <string.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "helper/protocol.h"
#include "shell/clock.h"

namespace bootsman {
namespace {

Value strings(const std::vector<std::string>& texts) {
  Value::Array array;
  for (const std::string& text : texts) array.emplace_back(text);
  return array;
}

Value s3_value(const S3Access& s3) {
  Value value;
  value.set("endpoint", s3.endpoint);
  value.set("bucket", s3.bucket);
  value.set("prefix", s3.prefix);
  value.set("region", s3.region);
  value.set("access_key", s3.access_key);
  value.set("secret_name", s3.secret);
  value.set("decryptor", strings(s3.decryptor));
  value.set("preflight", s3.preflight);
  value.set("cache", s3.cache);
  value.set("cache_limit", static_cast<std::int64_t>(s3.cache_limit));
  return value;
}

Value request_for(const Unit& unit, const UnitEnvironment& environment) {
  const MountPlan& mount = *unit.mount;
  Value request;
  request.set("type", static_cast<int>(mount.type));
  request.set("target", mount.target);
  request.set("source", mount.source);
  request.set("read_only", mount.read_only);
  request.set("options", strings(mount.options));
  request.set("argv", strings(unit.launch.argv));
  request.set("stop_ms", static_cast<std::int64_t>(unit.stop.timeout.count()));
  if (!mount.s3) return request;
  request.set("s3", s3_value(*mount.s3));
  for (const EnvVar& secret : environment.secrets())
    if (secret.name == mount.s3->secret) request.set("secret", secret.value);
  request.set("secret_file", environment.get(mount.s3->secret + "_FILE"));
  return request;
}

/// True when all of it went out at once, as it does on a socket that is empty but for a probe.
bool send_line(int socket, std::string line) {
  line += '\n';
  const ssize_t n = ::send(socket, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  const bool whole = n == static_cast<ssize_t>(line.size());
  ::explicit_bzero(line.data(), line.size());
  return whole;
}

}  // namespace

struct Mounts::Keeper {
  UnitIndex unit;
  RunId run;
  UniqueFd socket;
  FdWatch watch;
  std::string line;  ///< An answer that has not ended yet.
  std::string said;  ///< Why it ends.
  bool hopeless = false;
  bool answered = false;
};

Mounts::Mounts(uv_loop_t* loop, Launcher& launcher, const UnitEnvironment& environment, int image_fd,
               Finished finished, SayLine say)
    : loop_(loop),
      launcher_(launcher),
      environment_(environment),
      image_fd_(image_fd),
      finished_(std::move(finished)),
      say_(std::move(say)) {}
Mounts::~Mounts() = default;

tl::expected<Pid, Spawner::Failure> Mounts::start(const Unit& unit, UnitIndex index, RunId run) {
  auto pair = make_socketpair();
  if (!pair)
    return tl::make_unexpected(Spawner::Failure{EMFILE, std::move(pair).error().message()});
  SpawnRequest spawn;
  spawn.image_fd = image_fd_;
  spawn.argv = {"bootsman", "helper", "mount"};
  if (image_fd_ < 0) spawn.candidates = {"/proc/self/exe"};
  spawn.environment = environment_.block_for(unit.launch);
  spawn.helper_fd = pair->second.get();
  auto keeper = std::make_unique<Keeper>();
  keeper->unit = index;
  keeper->run = run;
  keeper->socket = std::move(pair->first);
  if (!send_line(keeper->socket.get(), to_json(request_for(unit, environment_))))
    return tl::make_unexpected(Spawner::Failure{ENOBUFS, "cannot hand the mount to its helper"});
  auto started = launcher_.start_process(unit, index, run, std::move(spawn));
  if (!started) return started;
  auto watch = FdWatch::make(loop_, keeper->socket.get(),
                             [this, run] { readable(run); });
  if (watch) keeper->watch = std::move(*watch);
  if (watch) keeper->watch.want_readable();
  keepers_[index.value] = std::move(keeper);
  return started;
}

void Mounts::readable(RunId run) {
  for (const auto& [unit, keeper] : keepers_)
    if (keeper->run == run) return read(*keeper);
}

void Mounts::renumber(const std::vector<std::optional<UnitIndex>>& moved) {
  const auto place = [&](std::uint32_t unit) {
    return unit < moved.size() ? moved[unit] : std::optional<UnitIndex>();
  };
  const auto move_all = [&](auto& table, auto&& placed) {
    auto old = std::exchange(table, {});
    for (auto& [unit, entry] : old) {
      const auto now = place(unit);
      if (!now) continue;
      placed(entry, *now);
      table.emplace(now->value, std::move(entry));
    }
  };
  move_all(keepers_, [](auto& keeper, UnitIndex unit) { keeper->unit = unit; });
  move_all(open_, [](Question& question, UnitIndex unit) { question.order.unit = unit; });
  move_all(numbers_, [](MountNumbers&, UnitIndex) {});
}

void Mounts::read(Keeper& keeper) {
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t n = ::recv(keeper.socket.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) keeper.watch.stop();
    if (n <= 0) return;
    std::string_view bytes(buffer, static_cast<std::size_t>(n));
    for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
      keeper.line.append(bytes.substr(0, end));
      bytes.remove_prefix(end + 1);
      const auto line = parse_json(keeper.line);
      keeper.line.clear();
      if (line) take(keeper, *line);
    }
    keeper.line.append(bytes);
    if (keeper.line.size() > kHelperLineMax) keeper.line.clear();
  }
}

void Mounts::take(Keeper& keeper, const Value& line) {
  if (const std::string text = line.get_string("say"); !text.empty())
    say_(keeper.unit,
         line.get_string("severity") == "warning" ? Severity::Warning : Severity::Info, text);
  if (const std::string text = line.get_string("end"); !text.empty()) {
    keeper.said = text;
    keeper.hopeless = line.get_bool("hopeless", false);
  }
  if (line.find("probe") == nullptr) return;
  const bool ok = line.get_bool("ok", false);
  MountNumbers& numbers = numbers_[keeper.unit.value];
  numbers.cache_bytes = static_cast<std::uint64_t>(line.get_int("cache", 0));
  if (ok) numbers.probe = Millis{line.get_int("ms", 0)};
  if (ok && !std::exchange(keeper.answered, true)) ++numbers.mounted;
  const auto question = open_.find(keeper.unit.value);
  if (question == open_.end() || question->second.number != line.get_int("probe", 0)) return;
  const Question asked = question->second;
  open_.erase(question);
  answer(asked, ok, line.get_string("why"));
}

void Mounts::answer(const Question& question, bool ok, std::string why) {
  const StartCheck& order = question.order;
  finished_(CheckFinished{order.unit, order.run, order.kind, ok, std::move(why)});
}

void Mounts::check(const Unit& unit, const StartCheck& order, MonoTime now) {
  const auto& plan = order.kind == CheckKind::Ready ? unit.ready : unit.health;
  const Millis timeout = plan ? plan->timeout : Millis{5'000};
  const Question question{order, ++questions_, now + timeout, timeout};
  const auto keeper = keepers_.find(order.unit.value);
  if (keeper == keepers_.end() || keeper->second->run != order.run)
    return answer(question, false, "its helper is not there");
  Value message;
  message.set("probe", question.number);
  if (!send_line(keeper->second->socket.get(), to_json(message)))
    return answer(question, false, "its helper takes no question");
  open_.insert_or_assign(order.unit.value, question);
}

void Mounts::ended(ProcessEnd& end) {
  const auto found = keepers_.find(end.unit.value);
  if (found == keepers_.end() || found->second->run != end.run) return;
  Keeper& keeper = *found->second;
  read(keeper);
  end.said = keeper.said;
  end.hopeless = keeper.hopeless;
  open_.erase(end.unit.value);
  keepers_.erase(found);
}

std::optional<MonoTime> Mounts::next_deadline() const {
  std::optional<MonoTime> first;
  for (const auto& [unit, question] : open_)
    if (!first || question.deadline < *first) first = question.deadline;
  return first;
}

void Mounts::tick(MonoTime now) {
  for (auto it = open_.begin(); it != open_.end();) {
    if (it->second.deadline > now) {
      ++it;
      continue;
    }
    const Question late = it->second;
    it = open_.erase(it);
    answer(late, false, "it did not answer within " + say_duration(late.timeout));
  }
}

}  // namespace bootsman
