#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "plan/plan.h"

namespace bootsman {

/// What an S3 server said to one small request; or why it said nothing.
struct S3Reply {
  std::string failure;  ///< Not empty: no HTTP answer came, for this reason.
  int status = 0;
  std::string code;    ///< Of the error document: "NoSuchBucket".
  std::string region;  ///< x-amz-bucket-region
  std::optional<std::int64_t> ahead;  ///< Seconds by which our clock is ahead of the server's.
};

struct S3Verdict {
  bool go_on = true;      ///< Mounting may work.
  bool hopeless = false;  ///< Another try can't help until somebody changes something.
  /// Why not, without "cannot mount …" in front; of a reply that is strange but no obstacle as well.
  std::string why;
};

/// What the reply to a list request for the mount's prefix means for the mount. Pure.
S3Verdict judge_reply(const S3Access& s3, const S3Reply& reply);

/// Lists at most one key of the mount's prefix, signed by the given key (SigV4). At most 10 s.
S3Reply ask_server(const S3Access& s3, const std::string& secret_key, bool path_style);

/// The value of the first <NAME> element of an S3 document; empty where there is none.
std::string xml_text(const std::string& document, const std::string& name);

/// The query of the list request as SigV4 wants it: sorted, everything but unreserved characters
/// percent-encoded (RFC 3986).
std::string list_query(const std::string& prefix);

/// "AKIA…MP": enough to tell keys apart.
std::string shortened_key(const std::string& key_id);

}  // namespace bootsman
