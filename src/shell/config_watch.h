#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "shell/fd_watch.h"
#include "sys/fd.h"

namespace bootsman {

/// Notices that files of the configuration have changed on disk, without asking: inotify(7) on the
/// folders that hold them, so an idle init sleeps. Nothing is read or applied. Where the kernel
/// refuses (fs.inotify limits), or a folder does not exist, its changes go unnoticed.
class ConfigWatch {
 public:
  /// `changed` is called, inside the loop, for the first change of each file since watch().
  ConfigWatch(uv_loop_t* loop, std::function<void(const std::string& path)> changed);

  /// Watches these files from now on, and any *.toml in `folder`; forgets what was watched and
  /// noticed before. A file that is a link into a swapped folder, as the kubelet makes them for
  /// ConfigMaps ("..data"), counts as changed by the swap.
  void watch(const std::vector<std::string>& files, const std::string& folder);

  /// Watches nothing any more; what was noticed stays. The kernel lets go of what was watched some
  /// milliseconds later, and who closes the inotify before that waits for it.
  void end();

  /// Forgets what was noticed, and watches on.
  void forget() { changed_.clear(); }
  /// Takes these for changed without a word.
  void add_changed(const std::set<std::string>& paths) {
    changed_.insert(paths.begin(), paths.end());
  }
  /// What has changed since watch(), in name order.
  const std::set<std::string>& changed() const { return changed_; }

 private:
  struct Folder {
    std::string path;
    std::set<std::string> names;  ///< Of the files that count.
    bool any_toml = false;
  };
  void add(const std::string& path, const std::string& name, bool any_toml);
  void read();
  void take(int watch, std::string_view name);
  void note(std::string path);

  uv_loop_t* loop_;
  std::function<void(const std::string& path)> on_change_;
  UniqueFd inotify_;
  FdWatch readable_;
  std::map<int, Folder> folders_;  ///< By inotify's number.
  std::set<std::string> changed_;
};

}  // namespace bootsman
