#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bootsman {

/// A place in an object store: a bucket, and what the keys below begin with.
struct S3Location {
  std::string bucket;
  std::string prefix;  ///< Without slashes at its ends; empty: the whole bucket.

  /// "s3://bucket/prefix", whatever scheme it was written with.
  std::string text() const;
  bool operator==(const S3Location&) const = default;
};

/// Reads "s3://bucket/some/prefix", also with obs:// or s3a:// or no scheme at all. White space and
/// slashes at the ends are dropped; inside the prefix every byte but control characters counts as it
/// stands. An error says what to write instead.
Result<S3Location> parse_s3_location(std::string_view text);

/// The URL of an S3 server from "host", "host:port", "http://host:port" or "https://host/"; no scheme
/// means http. IPv6 addresses stand in brackets. The result has a scheme and no slash at its end.
Result<std::string> parse_s3_endpoint(std::string_view text);

}  // namespace bootsman
