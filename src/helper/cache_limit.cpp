#include "helper/cache_limit.h"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <set>
#include <vector>

#include "base/text.h"

namespace bootsman {
namespace {

constexpr std::uint64_t kBlock = 512;  // stat(2)
constexpr std::size_t kDepthMax = 128;

struct CachedFile {
  std::string path;
  std::uint64_t bytes = 0;
  std::time_t used = 0;
};

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

void collect(const std::string& folder, dev_t device, std::size_t depth,
             std::vector<CachedFile>& files) {
  const Folder open(::opendir(folder.c_str()), ::closedir);
  if (open == nullptr || depth > kDepthMax) return;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string path = folder + "/" + std::string(name);
    struct stat info = {};
    if (::lstat(path.c_str(), &info) != 0) continue;
    // Of overlayfs only the folders have its device, files that of their layer.
    if (S_ISDIR(info.st_mode) && info.st_dev == device) collect(path, device, depth + 1, files);
    if (S_ISREG(info.st_mode))
      files.push_back({path, static_cast<std::uint64_t>(info.st_blocks) * kBlock,
                       std::max(info.st_atime, info.st_mtime)});
  }
}

std::set<std::string> open_files(Pid user) {
  std::set<std::string> files;
  const std::string folder = "/proc/" + std::to_string(user.value) + "/fd";
  const Folder open(::opendir(folder.c_str()), ::closedir);
  while (const dirent* entry = open == nullptr ? nullptr : ::readdir(open.get())) {
    char target[PATH_MAX];
    const ssize_t length =
        ::readlink((folder + "/" + entry->d_name).c_str(), target, sizeof target);
    if (length > 0) files.emplace(target, static_cast<std::size_t>(length));
  }
  return files;
}

}  // namespace

std::uint64_t trim_cache(const std::string& cache, const std::string& bucket, std::uint64_t limit,
                         Pid user) {
  const std::string data = cache + "/" + bucket;
  struct stat info = {};
  if (::lstat(data.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return 0;
  std::vector<CachedFile> files;
  collect(data, info.st_dev, 0, files);
  std::uint64_t size = 0;
  for (const CachedFile& file : files) size += file.bytes;
  if (limit == 0 || size <= limit) return size;
  const std::set<std::string> busy = open_files(user);
  std::ranges::sort(files, {}, &CachedFile::used);
  for (const CachedFile& file : files) {
    if (size <= limit - limit / 10) break;
    if (busy.contains(file.path) || ::unlink(file.path.c_str()) != 0) continue;
    size -= std::min(size, file.bytes);
    // s3fs keeps beside each file what of it is there.
    ::unlink((cache + "/." + bucket + ".stat" + file.path.substr(data.size())).c_str());
  }
  return size;
}

}  // namespace bootsman
