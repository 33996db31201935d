#include "helper/mount_keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "base/json.h"
#include "base/text.h"
#include "helper/mount_target.h"
#include "helper/s3_credentials.h"
#include "helper/s3_preflight.h"
#include "plan/s3fs_command.h"
#include "sys/child.h"
#include "sys/now.h"

namespace bootsman {
namespace {

/// How long a program whose mount was taken away by somebody else may live on.
constexpr Millis kAfterUnmount{2'000};
constexpr Millis kTurn{100};

ExitStatus exit_status(int status) {
  return WIFSIGNALED(status) ? ExitStatus::signaled(WTERMSIG(status))
                             : ExitStatus::exited(WEXITSTATUS(status));
}

std::string rights_hint(int error) {
  return error == EPERM || error == EACCES ? " (does the container lack the capability SYS_ADMIN?)"
                                           : "";
}

bool has_option(const MountRequest& request, std::string_view name) {
  for (const std::string& option : request.mount.options)
    for (const std::string_view word : split(option, ','))
      if (word == name) return true;
  return false;
}

}  // namespace

MountKeeper::MountKeeper(MountRequest request, Channel& channel, int socket)
    : request_(std::move(request)), channel_(channel), socket_(socket) {}

int MountKeeper::run() {
  if (set_up() && check_server() && mount()) loop();
  return exit_code_.value_or(1);
}

void MountKeeper::say(const std::string& text, bool warning) {
  Value message;
  message.set("say", text);
  message.set("severity", warning ? "warning" : "info");
  channel_.answer(message);
}

bool MountKeeper::fail_with(const std::string& why, bool hopeless) {
  if (exit_code_) return false;
  Value message;
  message.set("end", why);
  message.set("hopeless", hopeless);
  channel_.answer(message);
  exit_code_ = 1;
  return false;
}

bool MountKeeper::set_up() {
  const std::string cannot = "cannot mount " + request_.what() + ": ";
  if (const std::string lacks = missing_rights(request_.mount.type); !lacks.empty())
    return fail_with(cannot + lacks, true);
  const auto& argv = request_.argv;
  if (!argv.empty() && find_program(argv.front()).empty())
    return fail_with(cannot + "the program " + printable(argv.front(), 80) +
                         " is not in the image (it was looked for in PATH): install it",
                     true);
  auto prepared = prepare_target(request_.mount.target);
  if (!prepared) return fail_with(prepared.error().message(), true);
  target_ = prepared->target;
  if (!prepared->warning.empty()) say(prepared->warning, true);
  return true;
}

bool MountKeeper::check_server() {
  if (!request_.mount.s3) return true;
  const S3Access& s3 = *request_.mount.s3;
  const std::string cannot = "cannot mount " + request_.what() + ": ";
  auto key = find_secret_key(request_);
  if (!key) return fail_with(cannot + key.error().message(), true);
  request_.secret = std::move(*key);
  if (!s3.preflight) return true;
  const S3Reply reply =
      ask_server(s3, request_.secret, has_option(request_, "use_path_request_style"));
  const S3Verdict verdict = judge_reply(s3, reply);
  if (!verdict.why.empty()) {
    std::printf("asked %s with the key %s: %s\n", s3.endpoint.c_str(),
                shortened_key(s3.access_key).c_str(), verdict.why.c_str());
    std::fflush(stdout);
  }
  if (!verdict.go_on) return fail_with(cannot + verdict.why, verdict.hopeless);
  hint_ = verdict.why;
  hint_hopeless_ = verdict.hopeless;
  return true;
}

bool MountKeeper::start_s3fs(const UniqueFd& password) {
  std::vector<std::string>& argv = request_.argv;
  // Its own words come at once, not when a buffer is full.
  if (knows_logfile(program_version(argv.front()))) {
    argv.emplace_back("-o");
    argv.emplace_back("logfile=/dev/stderr");
  }
  const auto started = start_program({argv, password.get(), kPasswordFd});
  if (!started) {
    return fail_with("cannot mount " + request_.what() + ": cannot start " + argv.front() + ": " +
                         errno_text(started.error().error),
                     started.error().error == ENOENT || started.error().error == EACCES);
  }
  program_ = *started;
  return true;
}

bool MountKeeper::mount() {
  for (const MountEntry& entry : current_mounts_on(target_)) before_.push_back(entry.id);
  table_.reset(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  sigset_t mask;
  ::sigemptyset(&mask);
  for (const int number : {SIGTERM, SIGINT, SIGCHLD}) ::sigaddset(&mask, number);
  ::sigprocmask(SIG_BLOCK, &mask, nullptr);
  signals_.reset(::signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
  const std::string cannot = "cannot mount " + request_.what() + ": ";
  const MountPlan::Type type = request_.mount.type;
  if (type == MountPlan::Type::Bind || type == MountPlan::Type::Tmpfs) {
    const int error = mount_natively(request_, target_);
    const bool hopeless = error == EPERM || error == EINVAL || error == ENODEV || error == ENOTDIR;
    if (error != 0) return fail_with(cannot + errno_text(error) + rights_hint(error), hopeless);
    look_at_table();
    return true;
  }
  if (type != MountPlan::Type::S3fs) return start_s3fs(UniqueFd());
  auto password = make_password_file(request_.mount.s3->access_key, request_.secret);
  ::explicit_bzero(request_.secret.data(), request_.secret.size());
  if (!password) return fail_with(cannot + password.error().message(), false);
  return start_s3fs(*password);
}

void MountKeeper::loop() {
  while (!exit_code_) {
    wait();
    read_signals();
    reap();
    read_socket();
    if (!exit_code_) look_at_table();
    if (ending_ && !exit_code_) go_on_ending();
    if (program_ && kill_program_at_ && *kill_program_at_ <= mono_now()) {
      kill_program_at_.reset();
      ::kill(-program_->value, SIGKILL);
    }
  }
}

void MountKeeper::wait() {
  std::array<pollfd, 3> waits = {pollfd{signals_.get(), POLLIN, 0}, pollfd{socket_, POLLIN, 0},
                                 pollfd{table_.get(), POLLPRI, 0}};
  const bool timed = ending_ || kill_program_at_;
  (void)::poll(waits.data(), waits.size(), timed ? static_cast<int>(kTurn.count()) : -1);
}

void MountKeeper::read_signals() {
  signalfd_siginfo info;
  while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
    if (info.ssi_signo != SIGCHLD && !ending_) begin_ending();
}

void MountKeeper::read_socket() {
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t n = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    // PID 1 is gone, or wants no more of us.
    if (n == 0 && !ending_) begin_ending();
    if (n == 0) socket_ = -1;
    if (n <= 0) break;
    line_.append(buffer.data(), static_cast<std::size_t>(n));
  }
  for (auto end = line_.find('\n'); end != std::string::npos; end = line_.find('\n')) {
    if (const auto message = parse_json(line_.substr(0, end)))
      start_probe(message->get_int("probe", 0));
    line_.erase(0, end + 1);
  }
}

void MountKeeper::reap() {
  int status = 0;
  for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0;
       pid = ::waitpid(-1, &status, WNOHANG)) {
    const Pid ended{pid};
    if (probe_ && probe_->pid == ended) probe_ended(status);
    if (unmount_task_ == ended) unmount_task_.reset();
    if (cache_task_ == ended) {
      cache_task_.reset();
      std::uint64_t bytes = 0;
      if (::read(cache_result_.get(), &bytes, sizeof bytes) == static_cast<ssize_t>(sizeof bytes))
        cache_bytes_ = bytes;
    }
    if (program_ == ended) program_ended(status);
  }
}

void MountKeeper::program_ended(int status) {
  program_.reset();
  const ExitStatus how = exit_status(status);
  if (ending_) return;
  // `mount -t nfs` has done its work when it ends.
  const bool one_shot = request_.mount.type == MountPlan::Type::Nfs;
  look_at_table();
  if (one_shot && how.success() && mounted_) return;
  detach_mounts(target_);
  const bool killed = how.kind == ExitStatus::Kind::Signaled;
  const std::string ended = request_.argv.front() + (killed ? " was " : " ") + describe(how);
  const std::string cannot = "cannot mount " + request_.what() + ": ";
  // It is in the mount table before it has asked its server, so only an answer counts.
  if (answered_) {
    fail_with(ended + ", and with it the mount", false);
  } else if (!hint_.empty()) {
    fail_with(cannot + hint_, hint_hopeless_);
  } else {
    fail_with(cannot + ended + "; its own words are in the log", false);
  }
}

void MountKeeper::look_at_table() {
  const auto mounts = current_mounts_on(target_);
  if (!mounted_) {
    for (const MountEntry& entry : mounts) {
      const bool old = std::ranges::find(before_, entry.id) != before_.end();
      if (!old && entry.source != kBareSource) mounted_ = entry;
    }
    return;
  }
  const bool there = std::ranges::any_of(mounts, [&](const MountEntry& entry) {
    return entry.id == mounted_->id && entry.device == mounted_->device;
  });
  if (there || ending_) return;
  if (program_) {
    if (!kill_program_at_) kill_program_at_ = mono_now() + kAfterUnmount;
    return;
  }
  fail_with(request_.what() + " was unmounted by somebody else", false);
}

void MountKeeper::begin_ending() {
  const Micros whole = request_.stop;
  ending_ = Ending{mono_now() + whole * 6 / 10, mono_now() + whole * 85 / 100};
}

bool MountKeeper::gone() const {
  const auto mounts = current_mounts_on(target_);
  return mounts.empty() || mounts.back().source == kBareSource;
}

/// First the file system, which waits until its files are closed and written; only then the program
/// behind it. unmount(2) is called in a child: it may hang with the server.
void MountKeeper::go_on_ending() {
  const MonoTime time = mono_now();
  if (!gone()) {
    if (time >= ending_->lazy_at) {
      say("files on " + request_.mount.target + " are still open: detaching it all the same", true);
      detach_mounts(target_);
    } else if (!unmount_task_) {
      const auto task = start_task([this] {
        return ::umount2(target_.c_str(), UMOUNT_NOFOLLOW) == 0 ? 0 : 1;
      });
      if (task) unmount_task_ = *task;
    }
    return;
  }
  if (!program_) {
    exit_code_ = 0;
    return;
  }
  if (time < ending_->kill_at) return;
  say(request_.argv.front() + " has not ended after the unmount: SIGKILL", true);
  ::kill(-program_->value, SIGKILL);
  ending_->kill_at = time + request_.stop;
}

}  // namespace bootsman
