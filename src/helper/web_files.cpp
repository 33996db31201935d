#include "helper/web_files.h"

#include <algorithm>

#include "steps/sha256.h"

namespace bootsman {
namespace {

constexpr std::uint64_t kTextMax = 1U << 20;

Transfer transfer_of(const WebFile& file, const std::string& memory) {
  Transfer transfer{.url = file.url, .sha256 = file.sha256};
  transfer.access.ca_file = file.ca_file;
  transfer.access.insecure = file.insecure;
  transfer.timeout = file.timeout;
  if (file.max_size > 0) transfer.max_size = file.max_size;
  transfer.memory = memory;
  return transfer;
}

}  // namespace

FileResult<Fetched> fetch_to(const FetchFile& change) {
  WriteOptions options;
  options.mode = change.mode;
  if (change.owner) options.owner = FileId{change.owner->uid, change.owner->gid};
  return fetch_file(transfer_of(change.from, change.memory), change.path, options);
}

Result<WebText> fetch_text(const WebFile& file, const std::string& state_folder) {
  const std::string folder = state_folder + "/fetched";
  if (auto made = make_directories(folder, 0700); !made)
    return fail(std::move(made).error().message);
  WebFile limited = file;
  limited.max_size = std::min(file.max_size == 0 ? kTextMax : file.max_size, kTextMax);
  const std::string path = folder + "/" + sha256_hex(file.url).substr(0, 16);
  WriteOptions options;
  options.mode = 0600;
  auto fetched = fetch_file(transfer_of(limited, folder), path, options);
  if (!fetched) return fail(std::move(fetched).error().message);
  auto text = read_file(path, kTextMax);
  if (!text) return fail(std::move(text).error().message);
  return WebText{std::move(*text), std::move(fetched->stale)};
}

}  // namespace bootsman
