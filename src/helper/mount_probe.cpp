#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "helper/cache_limit.h"
#include "helper/mount_keeper.h"
#include "helper/world_facts.h"
#include "sys/child.h"
#include "sys/now.h"

// How the keeper finds out whether its mount answers. Each look is made by a child, since it may hang
// for minutes and can't be killed then; there is never a second one beside it.

namespace bootsman {
namespace {

constexpr Millis kCacheRest{1'000};

/// 0, or the errno with which a name that is not there could not be looked up. A refusal is an answer
/// too.
int look_up(const std::string& path) {
  struct stat info = {};
  if (::lstat(path.c_str(), &info) == 0) return 0;
  return errno == ENOENT || errno == EACCES ? 0 : errno;
}

/// A name that nobody has asked for before: the answer can't come from a cache.
std::string fresh_name() {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string name = ".bootsman-probe-";
  for (const char c : random_bytes(8)) {
    const auto byte = static_cast<unsigned char>(c);
    name.append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
  }
  return name;
}

}  // namespace

void MountKeeper::answer_probe(std::int64_t number, bool ok, const std::string& why, Micros took) {
  Value message;
  message.set("probe", number);
  message.set("ok", ok);
  message.set("why", why);
  message.set("ms", static_cast<std::int64_t>(took.count() / 1000));
  message.set("cache", static_cast<std::int64_t>(cache_bytes_));
  channel_.answer(message);
}

void MountKeeper::start_probe(std::int64_t number) {
  if (ending_ || exit_code_) return answer_probe(number, false, "it is being unmounted", Micros{0});
  if (!mounted_) {
    const std::string by = request_.argv.empty() ? "it" : request_.argv.front();
    return answer_probe(number, false, by + " has not mounted it yet", Micros{0});
  }
  if (probe_) {
    return answer_probe(number, false,
                        "a look-up on it has not ended for " + say_duration(mono_now() - probe_->since),
                        Micros{0});
  }
  start_cache_task();
  const std::string path = target_ + "/" + fresh_name();
  const auto task = start_task([&path] { return look_up(path); });
  if (!task) return answer_probe(number, false, "cannot make a process to look at it", Micros{0});
  probe_ = Probe{*task, number, mono_now()};
}

void MountKeeper::probe_ended(int status) {
  const Probe probe = *probe_;
  probe_.reset();
  const int error = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
  answered_ = answered_ || error == 0;
  const std::string why = error == 0 ? "" : "a look-up on it fails: " + errno_text(error);
  answer_probe(probe.number, error == 0, why, mono_now() - probe.since);
}

void MountKeeper::start_cache_task() {
  if (!request_.mount.s3 || request_.mount.s3->cache.empty() || cache_task_) return;
  if (!program_ || cache_at_ + kCacheRest > mono_now()) return;
  cache_at_ = mono_now();
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return;
  cache_result_.reset(ends[0]);
  const UniqueFd write(ends[1]);
  const auto task = start_task([&] {
    const S3Access& s3 = *request_.mount.s3;
    const std::uint64_t bytes = trim_cache(s3.cache, s3.bucket, s3.cache_limit, *program_);
    return ::write(write.get(), &bytes, sizeof bytes) == static_cast<ssize_t>(sizeof bytes) ? 0 : 1;
  });
  if (task) cache_task_ = *task;
}

}  // namespace bootsman
