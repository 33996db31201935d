#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/types.h"

namespace bootsman {

// What every outgoing request of ours has in common, on libcurl. For helpers and commands only.

/// How a server is talked to.
struct WebAccess {
  std::string ca_file = {};  ///< Empty: found by find_ca_bundle().
  /// The server's certificate is not looked at, and plain http is allowed.
  bool insecure = false;
  int max_redirects = 5;
  Millis connect_timeout{10'000};
  Millis stall_timeout{20'000};  ///< No byte for so long ends the request. In whole seconds.
};

/// Why a request came to nothing.
struct WebError {
  /// Nobody answered, or not to the end, or the server could not serve now: asking again may help.
  bool away = false;
  std::string message;  ///< Without the URL: "connection refused".
};

template <class T>
using WebResult = tl::expected<T, WebError>;

/// One request. Name look-up by c-ares, TLS 1.2 at least with checked certificates, redirects
/// limited (to https, and without the URL's user and password for another host), proxies from
/// the environment (https_proxy, no_proxy, …), no signals, no waiting for a resolver at the end.
class WebHandle {
 public:
  /// Fails where no certificates of authorities are found.
  static Result<WebHandle> open(const std::string& url, const WebAccess& access);

  /// For what is special to a request. Owned by this object.
  CURL* get() const { return handle_.get(); }

  /// Makes the request. Returns the status of the last answer, which may be any.
  WebResult<long> perform(Millis timeout);

 private:
  struct Cleanup {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  WebHandle() = default;
  WebError error_of(CURLcode code) const;

  std::unique_ptr<CURL, Cleanup> handle_;
  std::unique_ptr<char[]> detail_;  ///< libcurl writes here why it failed.
  WebAccess access_;
};

/// Statuses after which asking again may help: 408, 425, 429, 500, 502, 503, 504.
bool is_passing_status(long status);

/// The URL for people: without user, password and query, in which keys may stand.
std::string shown_url(std::string_view url);

}  // namespace bootsman
