#include "helper/mount_target.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "base/text.h"
#include "sys/fd.h"

namespace bootsman {
namespace {

constexpr std::size_t kMountinfoMax = 16 * 1024 * 1024;
constexpr std::size_t kCapSysAdmin = 21;  // capability.h
constexpr std::size_t kNamesShown = 3;

Result<std::string> without_links(const std::string& target) {
  const std::size_t slash = target.rfind('/');
  const std::string parent = slash == 0 ? "/" : target.substr(0, slash);
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(parent.c_str(), nullptr), ::free);
  if (real == nullptr)
    return fail("cannot look at " + printable(parent) + ": " + errno_text(errno));
  const std::string folder = real.get();
  return (folder == "/" ? "" : folder) + target.substr(slash);
}

/// Makes all folders of the path that are missing.
Result<bool> make_folders(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) {
      const int error = errno;
      struct stat info = {};
      if (::stat(part.c_str(), &info) != 0)
        return fail("cannot make the folder " + printable(part) + ": " + errno_text(error));
    }
    if (end == std::string::npos) return true;
  }
}

/// "/workdir holds 3 entries (a, b, c)", or nothing for an empty folder.
std::string hidden_entries(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (folder == nullptr) return "";
  std::size_t count = 0;
  std::string names;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (count++ < kNamesShown) names += (names.empty() ? "" : ", ") + printable(name, 40);
  }
  if (count == 0) return "";
  return path + " holds " + std::to_string(count) + (count == 1 ? " entry (" : " entries (") +
         names + (count > kNamesShown ? ", …" : "") +
         "), hidden by the mount from now on; nothing of it is deleted";
}

Result<bool> check_folder(const std::string& path) {
  struct stat info = {};
  if (::lstat(path.c_str(), &info) != 0)
    return fail("cannot look at " + printable(path) + ": " + errno_text(errno));
  if (S_ISLNK(info.st_mode))
    return fail("cannot mount on " + printable(path) +
                ": it is a symbolic link; name the folder that it leads to");
  if (!S_ISDIR(info.st_mode))
    return fail("cannot mount on " + printable(path) + ": it is not a folder");
  return true;
}

struct FlagWord {
  std::string_view word;
  unsigned long flag;
};
constexpr std::array kFlagWords{FlagWord{"ro", MS_RDONLY},     FlagWord{"nosuid", MS_NOSUID},
                                FlagWord{"nodev", MS_NODEV},   FlagWord{"noexec", MS_NOEXEC},
                                FlagWord{"noatime", MS_NOATIME}, FlagWord{"relatime", MS_RELATIME}};

/// Takes the words that are flags of mount(2) out of the options; the rest is the type's own data.
unsigned long take_flags(const std::vector<std::string>& options, std::string& data) {
  unsigned long flags = 0;
  for (const std::string& option : options) {
    for (const std::string_view word : split(option, ',')) {
      unsigned long flag = 0;
      for (const FlagWord& known : kFlagWords)
        if (known.word == word) flag = known.flag;
      flags |= flag;
      if (flag == 0 && !word.empty()) data.append(data.empty() ? "" : ",").append(word);
    }
  }
  return flags;
}

bool may_mount() {
  const auto status = read_text("/proc/self/status");
  if (!status) return true;
  for (const std::string_view line : split(*status, '\n')) {
    if (!line.starts_with("CapEff:")) continue;
    const std::string hex(trim(line.substr(7)));
    return ((std::strtoull(hex.c_str(), nullptr, 16) >> kCapSysAdmin) & 1U) != 0;
  }
  return true;
}

}  // namespace

std::vector<MountEntry> current_mounts_on(const std::string& point) {
  const auto table = read_text("/proc/self/mountinfo", kMountinfoMax);
  return table ? mounts_on(*table, point) : std::vector<MountEntry>{};
}

void detach_mounts(const std::string& target) {
  // Bounded: somebody else may mount as fast as we detach.
  for (int tries = 0; tries < 100; ++tries) {
    const auto mounts = current_mounts_on(target);
    if (mounts.empty() || mounts.back().source == kBareSource) return;
    if (::umount2(target.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0) return;
  }
}

Result<Prepared> prepare_target(const std::string& target) {
  const std::size_t slash = target.rfind('/');
  if (slash > 0)
    if (auto made = make_folders(target.substr(0, slash)); !made) return fail(made.error());
  Result<std::string> real = without_links(target);
  if (!real) return fail(std::move(real).error());
  Prepared prepared{*real, ""};
  const auto mounts = current_mounts_on(prepared.target);
  if (!mounts.empty()) {
    if (mounts.front().source == kBareSource) {
      detach_mounts(prepared.target);
      return prepared;
    }
    return fail("cannot mount on " + printable(target) + ": " + printable(mounts.back().type, 40) +
                " is mounted there already");
  }
  if (auto made = make_folders(prepared.target); !made) return fail(made.error());
  if (auto folder = check_folder(prepared.target); !folder) return fail(folder.error());
  prepared.warning = hidden_entries(prepared.target);
  if (::mount(kBareSource, prepared.target.c_str(), "tmpfs",
              MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k,nr_inodes=2,mode=0555") != 0)
    return fail("cannot cover " + printable(target) +
                " for the time when nothing is mounted there: " + errno_text(errno));
  return prepared;
}

void uncover_target(const std::string& target) {
  const Result<std::string> real = without_links(target);
  if (!real) return;
  const auto mounts = current_mounts_on(*real);
  if (mounts.empty() || mounts.front().source != kBareSource) return;
  detach_mounts(*real);
  ::umount2(real->c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
}

int mount_natively(const MountRequest& request, const std::string& target) {
  const char* point = target.c_str();
  if (request.mount.type == MountPlan::Type::Tmpfs) {
    std::string data;
    unsigned long flags = take_flags(request.mount.options, data) | MS_NOSUID | MS_NODEV;
    if (request.mount.read_only) flags |= MS_RDONLY;
    return ::mount("tmpfs", point, "tmpfs", flags, data.c_str()) == 0 ? 0 : errno;
  }
  if (::mount(request.mount.source.c_str(), point, nullptr, MS_BIND | MS_REC, nullptr) != 0)
    return errno;
  if (!request.mount.read_only) return 0;
  if (::mount(nullptr, point, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0) return 0;
  const int error = errno;
  ::umount2(point, MNT_DETACH);
  return error;
}

std::string missing_rights(MountPlan::Type type) {
  std::string lacks;
  if (!may_mount()) lacks = "the capability SYS_ADMIN";
  if (type == MountPlan::Type::S3fs) {
    const UniqueFd fuse(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
    if (!fuse) lacks += lacks.empty() ? "/dev/fuse" : " and /dev/fuse";
  }
  if (lacks.empty()) return "";
  std::string text = "this container lacks " + lacks +
                     ": add SYS_ADMIN to the pod's securityContext.capabilities";
  if (type == MountPlan::Type::S3fs) text += " and give it the device /dev/fuse";
  return text + ", or mount a CSI volume instead, which needs neither";
}

}  // namespace bootsman
