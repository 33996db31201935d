#include "shell/sessions.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "base/json.h"
#include "sys/terminal.h"

namespace bootsman {

namespace {

constexpr Signal kHangUp{1};
/// Bytes for the command that may wait here; beyond, the client's kernel keeps them.
constexpr std::size_t kInputMax = 64 * 1024;
/// Reads of one output in one turn, so that a flood starves nobody.
constexpr int kReadsPerTurn = 8;

struct SessionPipe {
  UniqueFd read;
  UniqueFd write;
};

/// `ours` of the two ends does not block.
Result<SessionPipe> make_session_pipe(bool read_is_ours) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return fail(with_errno("cannot make a pipe", errno));
  SessionPipe made{UniqueFd(fds[0]), UniqueFd(fds[1])};
  const int ours = read_is_ours ? fds[0] : fds[1];
  ::fcntl(ours, F_SETFL, ::fcntl(ours, F_GETFL) | O_NONBLOCK);
  return made;
}

std::string end_frame(const std::variant<ExitStatus, ExecFailure>& how) {
  Value end;
  if (const auto* status = std::get_if<ExitStatus>(&how)) {
    end.set("code", status->shell_code());
    end.set("text", describe(*status));
  } else {
    const auto& failure = std::get<ExecFailure>(how);
    end.set("code", failure.shell_code());
    end.set("error", failure.what);
  }
  return frame(FrameType::End, to_json(end));
}

void set_size(int terminal, WindowSize size) {
  const winsize kernel{size.rows, size.columns, 0, 0};
  ::ioctl(terminal, TIOCSWINSZ, &kernel);
}

/// A person's screen wants "\r\n"; a unit's terminal, whose output becomes lines of a log, does not.
void end_lines_for_people(int terminal) {
  termios modes{};
  if (::tcgetattr(terminal, &modes) != 0) return;
  modes.c_oflag |= static_cast<tcflag_t>(ONLCR);
  ::tcsetattr(terminal, TCSANOW, &modes);
}

}  // namespace

/// What of the command is read, and where it goes.
struct Sessions::Output {
  FrameType type = FrameType::Output;
  UniqueFd fd;
  FdWatch watch;
  bool paused = false;  ///< The client has no room.
};

struct Sessions::Session {
  SessionId id;
  Responder client;
  FrameReader frames;
  bool terminal = false;
  UniqueFd theirs[3];  ///< The command's ends, until it is started.
  UniqueFd in;         ///< Of a terminal a copy of the output's.
  FdWatch in_watch;
  std::string input;
  bool input_over = false;
  Output outputs[2] = {{FrameType::Output, {}, {}, false}, {FrameType::Errors, {}, {}, false}};
  std::optional<std::variant<ExitStatus, ExecFailure>> how;
};

Sessions::Sessions(uv_loop_t* loop, Children& children, Launcher& launcher)
    : loop_(loop), children_(children), launcher_(launcher) {}

Sessions::~Sessions() = default;

Sessions::Session* Sessions::find(Key key) {
  const auto found = sessions_.find(key);
  return found == sessions_.end() ? nullptr : found->second.get();
}

Answer Sessions::open(const Launch& launch, const SessionQuery& query, Responder client) {
  const auto refuse = [](int status, const std::string& why) {
    Value body;
    body.set("error", why);
    Response response;
    response.status = status;
    response.body = to_json(body) + "\n";
    return response;
  };
  if (sessions_.size() >= kMost) {
    return refuse(429, "cannot start another command: " + std::to_string(kMost) +
                           " are running for clients already");
  }
  auto session = std::make_unique<Session>();
  session->id = SessionId{++last_};
  session->client = std::move(client);
  auto connected = connect(*session, launch, query);
  if (!connected) return refuse(503, connected.error().message());
  const Key key = session->id.value;
  auto watched = watch(*session, key);
  if (!watched) return refuse(503, watched.error().message());
  SessionOrder order{query.words, session->terminal, query.term,
                     session->theirs[0].get(), session->theirs[1].get(), session->theirs[2].get()};
  const auto started = launcher_.start_session(launch, order, session->id);
  if (!started) return refuse(503, started.error().what);
  for (UniqueFd& end : session->theirs) end.reset();
  sessions_.emplace(key, std::move(session));
  AnswerUpgrade answer;
  answer.protocol = kSessionProtocol;
  answer.events = events(key);
  return answer;
}

/// Makes the terminal, or the three pipes.
Result<void> Sessions::connect(Session& session, const Launch& launch, const SessionQuery& query) {
  session.terminal = query.terminal;
  if (query.terminal) {
    auto terminal = make_terminal();
    if (!terminal) return fail(std::move(terminal).error());
    end_lines_for_people(terminal->program.get());
    set_size(terminal->program.get(), query.size);
    session.in.reset(::fcntl(terminal->ours.get(), F_DUPFD_CLOEXEC, 3));
    if (!session.in) return fail(with_errno("cannot copy a descriptor", errno));
    session.outputs[0].fd = std::move(terminal->ours);
    session.theirs[0] = std::move(terminal->program);
  } else {
    for (int i = 0; i < 3; ++i) {
      auto made = make_session_pipe(i > 0);
      if (!made) return fail(std::move(made).error());
      session.theirs[i] = i == 0 ? std::move(made->read) : std::move(made->write);
      (i == 0 ? session.in : session.outputs[i - 1].fd) =
          i == 0 ? std::move(made->write) : std::move(made->read);
    }
  }
  if (launch.account) {
    // Without CAP_CHOWN the command still uses what it inherits.
    for (const UniqueFd& end : session.theirs) {
      if (end && ::fchown(end.get(), launch.account->uid, launch.account->gid) != 0) break;
    }
  }
  return {};
}

Result<void> Sessions::watch(Session& session, Key key) {
  auto in = FdWatch::make(loop_, session.in.get(), [this, key] { write_input(key); });
  if (!in) return fail(std::move(in).error());
  session.in_watch = std::move(*in);
  for (Output& output : session.outputs) {
    if (!output.fd) continue;
    auto made = FdWatch::make(loop_, output.fd.get(), [this, key] { read_all(key); });
    if (!made) return fail(std::move(made).error());
    output.watch = std::move(*made);
    output.watch.want_readable();
  }
  return {};
}

StreamEvents Sessions::events(Key key) {
  StreamEvents events;
  events.drained = [this, key] { read_all(key); };
  events.received = [this, key](std::string_view bytes) { received(key, bytes); };
  // The protocol has its own end of input: this one is a client that left.
  events.ended = [this, key] {
    if (const Session* session = find(key)) session->client.end();
    drop(key);
  };
  events.gone = [this, key] { drop(key); };
  return events;
}

void Sessions::received(Key key, std::string_view bytes) {
  Session* session = find(key);
  if (session == nullptr) return;
  const bool good = session->frames.feed(
      bytes, [&](FrameType type, std::string_view payload) { take(*session, type, payload); });
  if (!good) {
    session->client.end();
    return drop(key);
  }
  write_input(key);
}

void Sessions::take(Session& session, FrameType type, std::string_view payload) {
  switch (type) {
    case FrameType::Input:
      if (!session.input_over) session.input += payload;
      break;
    case FrameType::EndOfInput:
      session.input_over = true;
      break;
    case FrameType::Size: {
      WindowSize size;
      if (session.terminal && read_size(payload, size)) set_size(session.in.get(), size);
      break;
    }
    case FrameType::Output:
    case FrameType::Errors:
    case FrameType::End:
      break;  // Not a client's to send.
  }
}

void Sessions::write_input(Key key) {
  Session* session = find(key);
  if (session == nullptr || !session->in) return;
  while (!session->input.empty()) {
    const auto count = ::write(session->in.get(), session->input.data(), session->input.size());
    if (count > 0) {
      session->input.erase(0, static_cast<std::size_t>(count));
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    session->input.clear();  // Nobody reads it any more.
    session->input_over = true;
  }
  session->client.hold(session->input.size() > kInputMax);
  if (!session->input.empty()) return session->in_watch.want_writable();
  session->in_watch.stop();
  // A terminal's end of input is a key of its own; its writing end stays for sizes.
  if (session->input_over && !session->terminal) session->in.reset();
}

void Sessions::read_all(Key key) {
  Session* session = find(key);
  if (session == nullptr) return;
  for (Output& output : session->outputs) read_output(*session, output);
  finish_if_over(key);
}

void Sessions::read_output(Session& session, Output& output) {
  output.paused = false;
  for (int i = 0; output.fd && i < kReadsPerTurn; ++i) {
    if (session.client.room() < buffer_.size() * 2) {
      output.paused = true;
      output.watch.stop();
      return;
    }
    const auto count = ::read(output.fd.get(), buffer_.data(), buffer_.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count <= 0) {  // EIO: nobody has the terminal open any more.
      output.watch = FdWatch();
      output.fd.reset();
      return;
    }
    session.client.write(
        frame(output.type, {buffer_.data(), static_cast<std::size_t>(count)}));
  }
  if (output.fd) output.watch.want_readable();
}

void Sessions::ended(SessionId id, const std::variant<ExitStatus, ExecFailure>& how) {
  Session* session = find(id.value);
  if (session == nullptr) return;
  session->how = how;
  read_all(id.value);
}

/// What others of the command's children still write is theirs to lose: their command has ended.
void Sessions::finish_if_over(Key key) {
  Session* session = find(key);
  if (session == nullptr || !session->how) return;
  for (const Output& output : session->outputs) {
    if (output.paused) return;
    int waiting = 0;
    if (output.fd && ::ioctl(output.fd.get(), FIONREAD, &waiting) == 0 && waiting > 0) return;
  }
  session->client.write(end_frame(*session->how));
  session->client.end();
  sessions_.erase(key);
}

void Sessions::drop(Key key) {
  const auto found = sessions_.find(key);
  if (found == sessions_.end()) return;
  const auto session = std::move(found->second);
  sessions_.erase(found);
  if (!session->how) children_.signal(session->id, kHangUp, KillScope::Group);
}

void Sessions::hang_up() {
  for (auto& [key, session] : std::exchange(sessions_, {})) {
    Value end;
    end.set("code", 129);
    end.set("error", "the container is being stopped");
    session->client.write(frame(FrameType::End, to_json(end)));
    session->client.end();
    if (!session->how) children_.signal(session->id, kHangUp, KillScope::Group);
  }
}

}  // namespace bootsman
