#include "helper/cache_limit.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace bootsman;

namespace {

constexpr std::size_t kFile = 64 * 1024;

/// A file of 64 KiB, used `age` seconds ago.
void cached(const std::filesystem::path& path, long age) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << std::string(kFile, 'x');
  timespec times[2] = {{1'000'000 - age, 0}, {1'000'000 - age, 0}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

}  // namespace

TEST_CASE("of a cache over its limit the files used longest ago go, but not those in use") {
  char name[] = "/tmp/bootsman-cache-XXXXXX";
  REQUIRE(::mkdtemp(name) != nullptr);
  const std::filesystem::path cache = name;
  cached(cache / "jobs/old/a", 400);
  cached(cache / "jobs/old/busy", 300);
  cached(cache / "jobs/b", 200);
  cached(cache / "jobs/c", 100);
  cached(cache / ".jobs.stat/old/a", 400);
  cached(cache / "other/x", 900);
  const int busy = ::open((cache / "jobs/old/busy").c_str(), O_RDONLY);
  REQUIRE(busy >= 0);

  const Pid self{::getpid()};
  CHECK(trim_cache(cache, "jobs", 0, self) == 4 * kFile);
  CHECK(trim_cache(cache, "jobs", 10 * kFile, self) == 4 * kFile);
  CHECK(trim_cache(cache, "jobs", 3 * kFile, self) == 2 * kFile);
  CHECK(!std::filesystem::exists(cache / "jobs/old/a"));
  CHECK(!std::filesystem::exists(cache / ".jobs.stat/old/a"));
  CHECK(std::filesystem::exists(cache / "jobs/old/busy"));
  CHECK(!std::filesystem::exists(cache / "jobs/b"));
  CHECK(std::filesystem::exists(cache / "jobs/c"));
  CHECK(std::filesystem::exists(cache / "other/x"));
  CHECK(trim_cache(cache, "nothing-yet", 1, self) == 0);
  ::close(busy);
  std::filesystem::remove_all(cache);
}
