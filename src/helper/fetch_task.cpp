#include "helper/fetch_task.h"

#include <stdlib.h>
#include <unistd.h>

#include <optional>

#include "helper/transfer.h"

namespace bootsman {
namespace {

void read_time(const Value& request, std::string_view key, Millis& time) {
  time = Millis(request.get_int(key, time.count()));
}

Transfer to_transfer(const Value& request) {
  Transfer transfer;
  transfer.url = request.get_string("url");
  transfer.sha256 = request.get_string("sha256");
  transfer.memory = request.get_string("memory");
  transfer.access.ca_file = request.get_string("ca_file");
  transfer.access.insecure = request.get_bool("insecure", false);
  transfer.access.max_redirects =
      static_cast<int>(request.get_int("max_redirects", transfer.access.max_redirects));
  transfer.tries = static_cast<int>(request.get_int("tries", transfer.tries));
  const auto max_size = static_cast<std::int64_t>(transfer.max_size);
  transfer.max_size = static_cast<std::uint64_t>(request.get_int("max_size", max_size));
  read_time(request, "timeout", transfer.timeout);
  read_time(request, "backoff", transfer.backoff);
  read_time(request, "stall", transfer.access.stall_timeout);
  read_time(request, "connect", transfer.access.connect_timeout);
  return transfer;
}

/// A folder in memory for a file that may lie nowhere else; gone at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    for (const std::string parent : {"/dev/shm", "/tmp", "/run"}) {
      std::string name = parent + "/bootsman-XXXXXX";
      if (::mkdtemp(name.data()) == nullptr) continue;
      path_ = name;
      return;
    }
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    if (path_.empty()) return;
    (void)remove_file(file());
    (void)::rmdir(path_.c_str());
  }
  bool ok() const { return !path_.empty(); }
  std::string file() const { return path_ + "/file"; }

 private:
  std::string path_;
};

Value good_fetch(const Fetched& fetched) {
  Value answer;
  answer.set("ok", true);
  answer.set("changed", fetched.changed);
  answer.set("sha256", fetched.sha256);
  answer.set("stale", fetched.stale);
  return answer;
}

Value failed_fetch(const FileError& error) {
  Value answer;
  answer.set("ok", false);
  answer.set("why", error.message);
  return answer;
}

Value fetched_text(Transfer transfer, const std::string& path, const WriteOptions& options) {
  auto made = make_directories(path.substr(0, path.rfind('/')), 0700);
  auto fetched = made ? fetch_file(transfer, path, options)
                      : FileResult<Fetched>(tl::make_unexpected(made.error()));
  std::string from = path;
  std::optional<ScratchFolder> scratch;
  if (!fetched && fetched.error().refused() && scratch.emplace().ok()) {
    transfer.memory.clear();
    from = scratch->file();
    fetched = fetch_file(transfer, from, options);
  }
  if (!fetched) return failed_fetch(fetched.error());
  auto text = read_file(from, transfer.max_size);
  if (!text) return failed_fetch(text.error());
  Value answer = good_fetch(*fetched);
  answer.set("text", std::move(*text));
  return answer;
}

}  // namespace

Value answer_fetch(const Value& request) {
  WriteOptions options;
  if (const std::int64_t mode = request.get_int("mode", 0); mode != 0)
    options.mode = static_cast<std::uint32_t>(mode);
  const std::string path = request.get_string("path");
  if (request.get_bool("text", false)) return fetched_text(to_transfer(request), path, options);
  const auto fetched = fetch_file(to_transfer(request), path, options);
  return fetched ? good_fetch(*fetched) : failed_fetch(fetched.error());
}

}  // namespace bootsman
