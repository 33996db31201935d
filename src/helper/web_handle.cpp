#include "helper/web_handle.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/text.h"
#include "base/version.h"
#include "helper/ca_bundle.h"
#include "helper/world_facts.h"
#include "sys/fd.h"

namespace bootsman {
namespace {

/// curl_global_init may run once in a process.
void init_curl() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)done;
}

std::string variable_text(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool may_pass(CURLcode code) {
  static constexpr std::array kPassing = {
      CURLE_COULDNT_RESOLVE_PROXY,
      CURLE_COULDNT_RESOLVE_HOST,
      CURLE_COULDNT_CONNECT,
      CURLE_PARTIAL_FILE,
      CURLE_OPERATION_TIMEDOUT,
      CURLE_GOT_NOTHING,
      CURLE_SEND_ERROR,
      CURLE_RECV_ERROR,
      CURLE_SSL_CONNECT_ERROR,
      CURLE_WEIRD_SERVER_REPLY,
  };
  return std::ranges::find(kPassing, code) != kPassing.end();
}

std::string lower_first(std::string text) {
  const bool word = text.size() > 1 && text[1] >= 'a' && text[1] <= 'z';
  if (word && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

}  // namespace

Result<WebHandle> WebHandle::open(const std::string& url, const WebAccess& access) {
  init_curl();
  WebHandle web;
  web.access_ = access;
  web.handle_.reset(curl_easy_init());
  if (web.handle_ == nullptr) return fail("cannot set up a transfer: there is no memory for it");
  web.detail_ = std::make_unique<char[]>(CURL_ERROR_SIZE);
  CURL* handle = web.get();
  const char* protocols = access.insecure ? "https,http" : "https";
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, web.detail_.get());
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, protocols);
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, access.max_redirects > 0 ? 1L : 0L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, static_cast<long>(access.max_redirects));
  curl_easy_setopt(handle, CURLOPT_UNRESTRICTED_AUTH, 0L);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(access.connect_timeout.count()));
  const auto stall = std::chrono::ceil<std::chrono::seconds>(access.stall_timeout);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(stall.count()));
  const std::string agent = "bootsman/" + std::string(kVersion);
  curl_easy_setopt(handle, CURLOPT_USERAGENT, agent.c_str());
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, access.insecure ? 0L : 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, access.insecure ? 0L : 2L);
  if (access.insecure) return web;
  const DiskFiles files;
  const auto ca = find_ca_bundle(files, access.ca_file, variable_text("SSL_CERT_FILE"),
                                 variable_text("SSL_CERT_DIR"));
  if (!ca) return fail(ca.error());
  if (!ca->file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, ca->file.c_str());
  if (!ca->folder.empty()) curl_easy_setopt(handle, CURLOPT_CAPATH, ca->folder.c_str());
  return web;
}

WebResult<long> WebHandle::perform(Millis timeout) {
  const auto milliseconds = std::max<Millis::rep>(timeout.count(), 1);
  curl_easy_setopt(get(), CURLOPT_TIMEOUT_MS, static_cast<long>(milliseconds));
  detail_[0] = '\0';
  const CURLcode code = curl_easy_perform(get());
  if (code != CURLE_OK) return tl::make_unexpected(error_of(code));
  long status = 0;
  curl_easy_getinfo(get(), CURLINFO_RESPONSE_CODE, &status);
  return status;
}

WebError WebHandle::error_of(CURLcode code) const {
  const std::string detail = lower_first(printable(trim(detail_.get()), 200));
  const std::string said =
      detail.empty() ? lower_first(curl_easy_strerror(code)) : std::string(detail);
  WebError error{may_pass(code), said};
  long number = 0;
  switch (code) {
    case CURLE_COULDNT_CONNECT:
      curl_easy_getinfo(get(), CURLINFO_OS_ERRNO, &number);
      if (number != 0) error.message = errno_text(static_cast<int>(number));
      break;
    case CURLE_PEER_FAILED_VERIFICATION:
      error.message = "the server's certificate is not trusted (" + said +
                      "); name the authority's certificate in ca_file or $SSL_CERT_FILE";
      break;
    case CURLE_TOO_MANY_REDIRECTS:
      error.message =
          "it is redirected more than " + std::to_string(access_.max_redirects) + " times";
      break;
    case CURLE_UNSUPPORTED_PROTOCOL:
      error.message = access_.insecure ? "only https and http are allowed"
                                       : "only https is allowed, also where it is redirected to";
      break;
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
      error.message = "the connection was cut off (" + said + ")";
      break;
    default:
      break;
  }
  return error;
}

bool is_passing_status(long status) {
  static constexpr std::array kPassing = {408L, 425L, 429L, 500L, 502L, 503L, 504L};
  return std::ranges::find(kPassing, status) != kPassing.end();
}

std::string shown_url(std::string_view url) {
  std::string shown(url.substr(0, url.find_first_of("?#")));
  const auto scheme = shown.find("://");
  const auto host = scheme == std::string::npos ? 0 : scheme + 3;
  const auto path = shown.find('/', host);
  const auto at = shown.rfind('@', path);
  if (at != std::string::npos && at >= host) shown.erase(host, at + 1 - host);
  return printable(shown) + (url.find('?') == std::string_view::npos ? "" : "?…");
}

}  // namespace bootsman
