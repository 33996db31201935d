#include "helper/s3_preflight.h"

#include <curl/curl.h>
#include <strings.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "base/text.h"
#include "helper/web_handle.h"

namespace bootsman {
namespace {

constexpr Millis kConnectTime{5'000};
constexpr Millis kWholeTime{10'000};
constexpr std::size_t kBodyMax = 64 * 1024;
/// What S3 servers take at most; from a third of it on the clock is worth a word.
constexpr std::int64_t kSkewMax = 15 * 60;

std::string encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain)
      result += c;
    else
      result.append("%").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
  }
  return result;
}

struct Received {
  std::string body;
  std::string date;
  std::string region;
};

std::size_t take_body(char* data, std::size_t, std::size_t size, void* context) {
  auto& body = static_cast<Received*>(context)->body;
  body.append(data, std::min(size, kBodyMax - std::min(body.size(), kBodyMax)));
  return size;
}

std::size_t take_header(char* data, std::size_t, std::size_t size, void* context) {
  auto& received = *static_cast<Received*>(context);
  const std::string_view line(data, size);
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  const std::string name(line.substr(0, colon));
  const std::string value(trim(line.substr(colon + 1)));
  if (::strcasecmp(name.c_str(), "date") == 0) received.date = value;
  if (::strcasecmp(name.c_str(), "x-amz-bucket-region") == 0) received.region = value;
  return size;
}

std::string url_of(const S3Access& s3, bool path_style) {
  const std::size_t scheme = s3.endpoint.find("://") + 3;
  const std::string base = path_style ? s3.endpoint + "/" + s3.bucket
                                      : s3.endpoint.substr(0, scheme) + s3.bucket + "." +
                                            s3.endpoint.substr(scheme) + "/";
  return base + "?" + list_query(s3.prefix);
}

void fill(S3Reply& reply, int status, const Received& received) {
  reply.status = status;
  reply.code = xml_text(received.body, "Code");
  reply.region = received.region;
  const time_t server = received.date.empty() ? -1 : curl_getdate(received.date.c_str(), nullptr);
  if (server > 0) reply.ahead = static_cast<std::int64_t>(std::time(nullptr) - server);
}

std::string status_text(const S3Reply& reply) {
  return std::to_string(reply.status) + (reply.code.empty() ? "" : " " + printable(reply.code, 60));
}

S3Verdict no(std::string why, bool hopeless) {
  return {false, hopeless, std::move(why)};
}

}  // namespace

std::string xml_text(const std::string& document, const std::string& name) {
  const std::string open = "<" + name + ">";
  const std::size_t start = document.find(open);
  if (start == std::string::npos) return "";
  const std::size_t end = document.find("</" + name + ">", start);
  if (end == std::string::npos) return "";
  return document.substr(start + open.size(), end - start - open.size());
}

std::string list_query(const std::string& prefix) {
  const std::string below = prefix.empty() ? "" : prefix + "/";
  return "list-type=2&max-keys=1&prefix=" + encoded(below);
}

std::string shortened_key(const std::string& key_id) {
  constexpr std::size_t kLong = 10;
  if (key_id.size() < kLong) return printable(key_id.substr(0, 2), 8) + "…";
  return printable(key_id.substr(0, 4), 16) + "…" + printable(key_id.substr(key_id.size() - 2), 8);
}

S3Verdict judge_reply(const S3Access& s3, const S3Reply& reply) {
  if (!reply.failure.empty()) return no("no answer from " + s3.endpoint + ": " + reply.failure, false);
  const std::string said = " (" + status_text(reply) + ")";
  if (reply.status >= 200 && reply.status < 300) return {};
  const std::int64_t skew = reply.ahead.value_or(0);
  const bool skewed = skew > kSkewMax / 3 || skew < -kSkewMax / 3;
  const bool denied = reply.status == 403 || reply.status == 401 || reply.status == 400;
  if (reply.code == "RequestTimeTooSkewed" || (denied && skewed)) {
    const std::int64_t off = skew < 0 ? -skew : skew;
    const std::string by =
        reply.ahead ? say_duration(std::chrono::seconds(off)) +
                          (skew < 0 ? " behind the server's" : " ahead of the server's")
                    : "too far off";
    return no("this machine's clock is " + by + said + "; set the clock", false);
  }
  if (reply.code == "NoSuchBucket" || (reply.status == 404 && reply.code.empty()))
    return no("the bucket \"" + s3.bucket + "\" does not exist" + said, true);
  if (reply.code == "AuthorizationHeaderMalformed" || reply.status == 301 || reply.status == 307) {
    const std::string there = reply.region.empty() ? "" : ", it is in " + printable(reply.region, 40);
    return no("the bucket is not in the region \"" +
                  (s3.region.empty() ? std::string("us-east-1") : s3.region) + "\"" + there + said +
                  "; set `region`",
              true);
  }
  if (reply.code == "AccessDenied") {
    // Listing may be all that is forbidden.
    return {true, true, "access denied" + said};
  }
  if (reply.status == 401 || reply.status == 403) return no("access denied" + said, true);
  if (reply.status >= 500) return no("the server at " + s3.endpoint + " fails" + said, false);
  return {true, false, "the server at " + s3.endpoint + " answers" + said};
}

S3Reply ask_server(const S3Access& s3, const std::string& secret_key, bool path_style) {
  S3Reply reply;
  WebAccess access;
  access.insecure = s3.endpoint.starts_with("http://");
  access.max_redirects = 0;  // Never with credentials.
  access.connect_timeout = kConnectTime;
  auto web = WebHandle::open(url_of(s3, path_style), access);
  if (!web) {
    reply.failure = std::move(web).error().message();
    return reply;
  }
  CURL* handle = web->get();
  Received received;
  const std::string sign = "aws:amz:" + (s3.region.empty() ? "us-east-1" : s3.region) + ":s3";
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(
      curl_slist_append(nullptr, "x-amz-content-sha256: UNSIGNED-PAYLOAD"), curl_slist_free_all);
  curl_easy_setopt(handle, CURLOPT_AWS_SIGV4, sign.c_str());
  curl_easy_setopt(handle, CURLOPT_USERNAME, s3.access_key.c_str());
  curl_easy_setopt(handle, CURLOPT_PASSWORD, secret_key.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &received);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &received);
  const auto status = web->perform(kWholeTime);
  if (status)
    fill(reply, static_cast<int>(*status), received);
  else
    reply.failure = printable(status.error().message);
  return reply;
}

}  // namespace bootsman
