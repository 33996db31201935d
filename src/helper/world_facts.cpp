#include "helper/world_facts.h"

#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "helper/command.h"
#include "helper/password_hash.h"
#include "steps/identity.h"
#include "sys/file.h"

namespace bootsman {
namespace {

constexpr std::size_t kReadMax = 4U << 20;

PathFact to_fact(const FileStat& st) {
  PathFact fact;
  switch (st.kind) {
    case FileKind::Missing:
      fact.kind = PathFact::Kind::Missing;
      break;
    case FileKind::Regular:
      fact.kind = PathFact::Kind::File;
      break;
    case FileKind::Directory:
      fact.kind = PathFact::Kind::Directory;
      break;
    case FileKind::Symlink:
      fact.kind = PathFact::Kind::Symlink;
      break;
    case FileKind::Other:
      fact.kind = PathFact::Kind::Other;
      break;
  }
  fact.mode = st.mode;
  fact.link = st.link;
  return fact;
}

std::string own_image() {
  char buffer[4096];
  const ssize_t length = ::readlink("/proc/self/exe", buffer, sizeof buffer);
  if (length <= 0) return "";
  std::string path(buffer, static_cast<std::size_t>(length));
  static constexpr std::string_view kGone = " (deleted)";
  if (path.ends_with(kGone)) path.resize(path.size() - kGone.size());
  return path;
}

std::string own_hostname() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace

PathFact DiskFiles::look(const std::string& path) const {
  return to_fact(stat_file(path));
}

PathFact DiskFiles::follow(const std::string& path) const {
  return to_fact(stat_target(path));
}

Result<std::string> DiskFiles::read(const std::string& path) const {
  auto text = read_file(path, kReadMax);
  if (!text) return fail(text.error().message);
  return std::move(*text);
}

std::vector<std::string> DiskFiles::list(const std::string& path) const {
  return list_directory(path);
}

std::string random_bytes(std::size_t length) {
  std::string bytes(length, '\0');
  std::size_t have = 0;
  while (have < length) {
    const ssize_t n = ::getrandom(bytes.data() + have, length - have, 0);
    if (n < 0 && errno != EINTR) return "";
    if (n > 0) have += static_cast<std::size_t>(n);
  }
  return bytes;
}

std::int64_t unix_now() {
  return static_cast<std::int64_t>(::time(nullptr));
}

StepFacts gather_facts(std::map<std::string, std::string> env,
                       std::map<std::string, std::string> secrets, const FileView& files) {
  StepFacts facts;
  facts.env = std::move(env);
  facts.secrets = std::move(secrets);
  facts.files = &files;
  facts.identity = container_identity(read_file("/proc/self/mountinfo").value_or(""),
                                      read_file("/proc/self/cgroup").value_or(""), own_hostname());
  facts.today = unix_now() / (24 * 60 * 60);
  facts.is_root = ::geteuid() == 0;
  facts.init_is_pid_1 = ::getppid() == 1;
  facts.image_path = own_image();
  facts.state_folder = facts.env_or("BOOTSMAN_STATE_DIR", facts.state_folder);
  facts.crypt = hash_password;
  return facts;
}

}  // namespace bootsman
