#include "helper/transfer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>

#include "base/text.h"
#include "helper/etag_memory.h"
#include "steps/sha256.h"
#include "sys/new_file.h"

namespace bootsman {
namespace {

using Clock = std::chrono::steady_clock;
constexpr Millis kBackoffMax{10'000};

struct Headers {
  explicit Headers(const EtagEntry& known) {
    if (!known.etag.empty()) add("If-None-Match: " + known.etag);
    if (!known.modified.empty()) add("If-Modified-Since: " + known.modified);
  }
  Headers(const Headers&) = delete;
  Headers& operator=(const Headers&) = delete;
  ~Headers() { curl_slist_free_all(list); }
  void add(const std::string& line) {
    if (curl_slist* longer = curl_slist_append(list, line.c_str())) list = longer;
  }
  curl_slist* list = nullptr;
};

std::string header_of(CURL* handle, const char* name) {
  curl_header* header = nullptr;
  if (curl_easy_header(handle, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return "";
  return header->value;
}

/// One try: the request, and where its bytes go.
class Attempt {
 public:
  Attempt(const Transfer& transfer, const std::string& path, const WriteOptions& options,
          WebHandle& web)
      : transfer_(transfer), path_(path), options_(options), web_(web) {}

  /// The status, which is good: 2xx with the file put in its place, or 304.
  WebResult<long> run(const EtagEntry& known, Millis timeout) {
    const Headers headers(known);
    CURL* handle = web_.get();
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.list);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &Attempt::on_bytes);
    auto status = web_.perform(timeout);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, nullptr);
    if (problem) return tl::make_unexpected(WebError{false, problem->message});
    if (!status) return status;
    if (*status == 304 && !known.sha256.empty()) return status;
    if (*status < 200 || *status > 299)
      return tl::make_unexpected(
          WebError{is_passing_status(*status), "the server answered " + std::to_string(*status)});
    if (auto done = finish(); !done) {
      problem = done.error();
      return tl::make_unexpected(WebError{false, problem->message});
    }
    return status;
  }

  std::string sha256;                ///< Of the bytes that came.
  std::optional<FileError> problem;  ///< Not the network failed, but the file, or its content.

 private:
  static std::size_t on_bytes(char* bytes, std::size_t one, std::size_t count, void* self) {
    const std::string_view text(bytes, one * count);
    return static_cast<Attempt*>(self)->take(text) ? text.size() : 0;
  }

  bool take(std::string_view bytes) {
    long status = 0;
    curl_easy_getinfo(web_.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || status > 299) return true;  // An error's page is of no use.
    size_ += bytes.size();
    if (size_ > transfer_.max_size)
      return stop({EFBIG, "it is larger than " + say_size(transfer_.max_size)});
    if (!open()) return false;
    hash_.update(bytes);
    auto written = file_->append(bytes);
    return written.has_value() || stop(written.error());
  }

  bool open() {
    if (file_) return true;
    auto file = NewFile::create(path_, options_);
    if (!file) return stop(file.error());
    file_.emplace(std::move(*file));
    return true;
  }

  bool stop(FileError why) {
    problem = std::move(why);
    return false;
  }

  FileResult<void> finish() {
    if (!open()) return tl::make_unexpected(*problem);
    sha256 = hash_.hex();
    if (!transfer_.sha256.empty() && sha256 != transfer_.sha256)
      return tl::make_unexpected(
          FileError{0, "its SHA-256 is " + sha256 + ", and should be " + transfer_.sha256});
    return file_->commit();
  }

  const Transfer& transfer_;
  const std::string& path_;
  const WriteOptions& options_;
  WebHandle& web_;
  std::optional<NewFile> file_;
  Sha256 hash_;
  std::uint64_t size_ = 0;
};

/// How long to wait before the next try: what the server asks for, else twice the last time.
Millis pause_before(int attempt, const Transfer& transfer, CURL* handle) {
  curl_off_t asked = 0;
  curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &asked);
  const Millis own = transfer.backoff * (1 << std::min(attempt, 10));
  return std::min(std::max(own, Millis(std::min<curl_off_t>(asked, 60) * 1000)), kBackoffMax);
}

tl::unexpected<FileError> cannot_fetch(const Transfer& transfer, int code, const std::string& why) {
  return tl::make_unexpected(
      FileError{code, "cannot fetch " + shown_url(transfer.url) + ": " + why});
}

}  // namespace

FileResult<std::string> hash_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return file_error("read", path, errno);
  struct stat st = {};
  if (::fstat(fd.get(), &st) != 0) return file_error("read", path, errno);
  if (!S_ISREG(st.st_mode)) return file_error("read", path, EINVAL);
  Sha256 hash;
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_error("read", path, errno);
    if (n == 0) return hash.hex();
    hash.update({buffer.data(), static_cast<std::size_t>(n)});
  }
}

FileResult<Fetched> fetch_file(const Transfer& transfer, const std::string& path,
                               const WriteOptions& options) {
  const std::string have = hash_file(path).value_or("");
  if (!transfer.sha256.empty() && have == transfer.sha256) return Fetched{false, have, ""};
  auto web = WebHandle::open(transfer.url, transfer.access);
  if (!web) return cannot_fetch(transfer, 0, web.error().message());
  const EtagMemory memory(transfer.memory, transfer.url, path);
  // A file that is not the wanted one may not serve, whatever the server says of it.
  const EtagEntry known = transfer.sha256.empty() ? memory.find(have) : EtagEntry{};
  const auto deadline = Clock::now() + transfer.timeout;
  for (int attempt = 0;; ++attempt) {
    Attempt one(transfer, path, options, *web);
    const auto left = std::chrono::duration_cast<Millis>(deadline - Clock::now());
    const auto status = one.run(known, left);
    if (status && *status == 304) return Fetched{false, have, ""};
    if (status) {
      memory.keep(
          {header_of(web->get(), "etag"), header_of(web->get(), "last-modified"), one.sha256});
      return Fetched{one.sha256 != have, one.sha256, ""};
    }
    const WebError& error = status.error();
    const Millis pause = pause_before(attempt, transfer, web->get());
    const bool again =
        error.away && attempt + 1 < transfer.tries && Clock::now() + pause < deadline;
    if (again) {
      (void)::poll(nullptr, 0, static_cast<int>(pause.count()));
      continue;
    }
    const std::string tried =
        attempt == 0 ? "" : " (tried " + std::to_string(attempt + 1) + " times)";
    if (error.away && !known.sha256.empty()) return Fetched{false, have, error.message + tried};
    return cannot_fetch(transfer, one.problem ? one.problem->code : 0, error.message + tried);
  }
}

}  // namespace bootsman
