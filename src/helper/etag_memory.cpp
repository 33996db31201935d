#include "helper/etag_memory.h"

#include "base/json.h"
#include "steps/sha256.h"
#include "sys/file.h"

namespace bootsman {

EtagMemory::EtagMemory(const std::string& folder, const std::string& url, const std::string& path)
    : folder_(folder) {
  if (!folder.empty()) file_ = folder + "/" + sha256_hex(url + "\n" + path) + ".json";
}

EtagEntry EtagMemory::find(const std::string& sha256) const {
  if (file_.empty() || sha256.empty()) return {};
  const auto text = read_file(file_);
  if (!text) return {};
  const auto json = parse_json(*text);
  if (!json || json->get_string("sha256") != sha256) return {};
  return {json->get_string("etag"), json->get_string("modified"), sha256};
}

void EtagMemory::keep(const EtagEntry& entry) const {
  if (file_.empty() || !make_directories(folder_, 0700)) return;
  Value json;
  json.set("etag", entry.etag);
  json.set("modified", entry.modified);
  json.set("sha256", entry.sha256);
  WriteOptions options;
  options.mode = 0600;
  (void)write_file(file_, to_json(json) + "\n", options);
}

}  // namespace bootsman
