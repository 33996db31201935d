#include "plan/s3fs_command.h"

namespace bootsman {

std::vector<std::string> s3fs_command(const MountPlan& mount) {
  const S3Access& s3 = *mount.s3;
  std::vector<std::string> argv{"s3fs", s3.bucket + ":/" + s3.prefix, mount.target, "-f"};
  const auto option = [&](std::string text) {
    argv.emplace_back("-o");
    argv.push_back(std::move(text));
  };
  option("passwd_file=/proc/self/fd/" + std::to_string(kPasswordFd));
  option("url=" + s3.endpoint);
  for (const std::string& one : mount.options) option(one);
  if (!s3.cache.empty()) option("use_cache=" + s3.cache);
  if (!s3.region.empty()) option("endpoint=" + s3.region);
  if (mount.read_only) option("ro");
  return argv;
}

}  // namespace bootsman
