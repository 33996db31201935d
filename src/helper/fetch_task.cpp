#include "helper/fetch_task.h"

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

}  // namespace

Value answer_fetch(const Value& request) {
  WriteOptions options;
  if (const std::int64_t mode = request.get_int("mode", 0); mode != 0)
    options.mode = static_cast<std::uint32_t>(mode);
  const auto fetched = fetch_file(to_transfer(request), request.get_string("path"), options);
  Value answer;
  answer.set("ok", fetched.has_value());
  if (!fetched) {
    answer.set("why", fetched.error().message);
    return answer;
  }
  answer.set("changed", fetched->changed);
  answer.set("sha256", fetched->sha256);
  answer.set("stale", fetched->stale);
  return answer;
}

}  // namespace bootsman
