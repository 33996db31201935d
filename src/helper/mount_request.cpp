#include "helper/mount_request.h"

namespace bootsman {
namespace {

S3Access read_s3(const Value& value) {
  S3Access s3;
  s3.endpoint = value.get_string("endpoint");
  s3.bucket = value.get_string("bucket");
  s3.prefix = value.get_string("prefix");
  s3.region = value.get_string("region");
  s3.access_key = value.get_string("access_key");
  s3.secret = value.get_string("secret_name");
  s3.decryptor = value.get_strings("decryptor");
  s3.preflight = value.get_bool("preflight", true);
  s3.cache = value.get_string("cache");
  s3.cache_limit = static_cast<std::uint64_t>(value.get_int("cache_limit", 0));
  return s3;
}

}  // namespace

std::string MountRequest::what() const {
  return mount.source.empty() ? std::string(to_text(mount.type)) + " on " + mount.target
                              : mount.source + " on " + mount.target;
}

MountRequest read_mount_request(const Value& value) {
  MountRequest request;
  request.mount.type = static_cast<MountPlan::Type>(value.get_int("type", 0));
  request.mount.target = value.get_string("target");
  request.mount.source = value.get_string("source");
  request.mount.read_only = value.get_bool("read_only", false);
  request.mount.options = value.get_strings("options");
  if (const Value* s3 = value.find("s3")) request.mount.s3 = read_s3(*s3);
  request.argv = value.get_strings("argv");
  request.secret = value.get_string("secret");
  request.secret_file = value.get_string("secret_file");
  request.stop = Millis{value.get_int("stop_ms", request.stop.count())};
  return request;
}

}  // namespace bootsman
