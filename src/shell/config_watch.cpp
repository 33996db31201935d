#include "shell/config_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "shell/what_may_hang.h"

namespace bootsman {
namespace {

constexpr std::uint32_t kEvents =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ONLYDIR | IN_MASK_ADD;
/// The link that the kubelet swaps when a ConfigMap or Secret changes.
constexpr std::string_view kSwap = "..data";

std::pair<std::string, std::string> split_path(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

ConfigWatch::ConfigWatch(uv_loop_t* loop, std::function<void(const std::string& path)> changed)
    : loop_(loop), on_change_(std::move(changed)) {}

void ConfigWatch::watch(const std::vector<std::string>& files, const std::string& folder) {
  readable_ = FdWatch();
  folders_.clear();
  changed_.clear();
  inotify_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify_) return;
  for (const std::string& file : files) {
    const auto [path, name] = split_path(file);
    add(path, name, false);
  }
  add(folder, "", true);
  auto readable = FdWatch::make(loop_, inotify_.get(), [this] { read(); });
  if (!readable) return;
  readable_ = std::move(*readable);
  readable_.want_readable();
}

void ConfigWatch::end() {
  for (const auto& [number, folder] : folders_) ::inotify_rm_watch(inotify_.get(), number);
  folders_.clear();
}

void ConfigWatch::add(const std::string& path, const std::string& name, bool any_toml) {
  // Changes that others make there would not be told anyway.
  if (!what_may_hang(path).empty()) return;
  const int number = ::inotify_add_watch(inotify_.get(), path.c_str(), kEvents);
  if (number < 0) return;
  Folder& folder = folders_[number];
  folder.path = path;
  if (!name.empty()) folder.names.insert(name);
  folder.any_toml = folder.any_toml || any_toml;
}

void ConfigWatch::read() {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  // Once per turn: what is left comes with the next one.
  const ssize_t n = ::read(inotify_.get(), buffer.data(), buffer.size());
  for (ssize_t at = 0; at < n;) {
    inotify_event event{};
    std::memcpy(&event, buffer.data() + at, sizeof event);
    const char* name = buffer.data() + at + sizeof event;
    at += static_cast<ssize_t>(sizeof event + event.len);
    if (event.len > 0) take(event.wd, std::string_view(name, ::strnlen(name, event.len)));
  }
}

void ConfigWatch::take(int number, std::string_view name) {
  const auto found = folders_.find(number);
  if (found == folders_.end()) return;
  const Folder& folder = found->second;
  if (name == kSwap) return note(folder.path);
  const bool toml = folder.any_toml && name.ends_with(".toml") && !name.starts_with('.');
  if (toml || folder.names.contains(std::string(name)))
    note((folder.path == "/" ? "" : folder.path) + "/" + std::string(name));
}

void ConfigWatch::note(std::string path) {
  // A bound: a folder full of changes is one change.
  constexpr std::size_t kMost = 100;
  if (changed_.size() >= kMost) return;
  const auto [where, first] = changed_.insert(std::move(path));
  if (first) on_change_(*where);
}

}  // namespace bootsman
