#include "plan/s3_location.h"

#include <doctest/doctest.h>

#include <string>

#include "base/text.h"
#include "lib/configs.h"

using namespace bootsman;
using namespace bootsman::tests;

TEST_CASE("a place in an object store is read in all its forms") {
  struct Row {
    const char* name;
    const char* text;
    const char* bucket;
    const char* prefix;
  };
  static const Row rows[] = {
      {"bucket and prefix", "s3://bucket/some/prefix", "bucket", "some/prefix"},
      {"another vendor's scheme", "obs://bucket/some/prefix", "bucket", "some/prefix"},
      {"Hadoop's scheme", "s3a://bucket/some/prefix", "bucket", "some/prefix"},
      {"scheme in capitals", "S3://bucket/x", "bucket", "x"},
      {"no scheme", "bucket/some/prefix", "bucket", "some/prefix"},
      {"no scheme and a slash in front", "/bucket/some", "bucket", "some"},
      {"no prefix", "s3://bucket", "bucket", ""},
      {"no prefix and a slash", "s3://bucket/", "bucket", ""},
      {"trailing slashes", "s3://bucket/some/prefix///", "bucket", "some/prefix"},
      {"more slashes behind the bucket", "s3://bucket//some", "bucket", "some"},
      {"spaces inside", "s3://bucket/my data/run 1/", "bucket", "my data/run 1"},
      {"white space around", "  s3://bucket/x \n", "bucket", "x"},
      {"not ASCII", "s3://bucket/数据/größe", "bucket", "数据/größe"},
      {"bucket with dots", "s3://my.bucket.example/x", "my.bucket.example", "x"},
      {"colon and comma in the prefix", "s3://bucket/a:b,c", "bucket", "a:b,c"},
      {"percent signs stay as they are", "s3://bucket/a%20b", "bucket", "a%20b"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Result<S3Location> location = parse_s3_location(row.text);
    REQUIRE(location.has_value());
    CHECK(location->bucket == row.bucket);
    CHECK(location->prefix == row.prefix);
    CHECK(parse_s3_location(location->text())->text() == location->text());
  }
}

TEST_CASE("what is no place in an object store is refused with what to write instead") {
  struct Row {
    const char* name;
    std::string text;
    const char* part;
  };
  static const Row rows[] = {
      {"empty", "", "it is empty"},
      {"blank", "  \n", "it is empty"},
      {"scheme alone", "s3://", "names no bucket"},
      {"scheme and slashes", "s3:///", "names no bucket"},
      {"another store", "hdfs://node/x", "it begins with hdfs://"},
      {"a URL", "https://host/bucket/x", "it begins with https://"},
      {"bucket too short", "s3://ab/x", "\"ab\" is no bucket's name"},
      {"bucket too long", "s3://" + std::string(64, 'a'), "is no bucket's name"},
      {"bucket with a space", "s3://my bucket/x", "\"my bucket\" is no bucket's name"},
      {"bucket not ASCII", "s3://数据桶/x", "is no bucket's name"},
      {"option as bucket", "--foreground/x", "is no bucket's name"},
      {"path that climbs", "s3://bucket/a/../b", "is \"..\""},
      {"line end inside", "s3://bucket/a\nb", "a control character"},
      {"prefix too long", "s3://bucket/" + std::string(1025, 'a'), "too long"},
      {"garbage", "\x01\xff$$$", "is no bucket's name"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Result<S3Location> location = parse_s3_location(row.text);
    REQUIRE(!location.has_value());
    CHECK(location.error().message().starts_with("cannot read "));
    CHECK(location.error().message().find(row.part) != std::string::npos);
    CHECK(location.error().message().find("write s3://BUCKET/PREFIX") != std::string::npos);
  }
}

TEST_CASE("the address of an S3 server is read with and without scheme and port") {
  struct Row {
    const char* text;
    const char* url;  // Empty: refused.
  };
  static const Row rows[] = {
      {"store.example", "http://store.example"},
      {"store.example:9000", "http://store.example:9000"},
      {"10.0.0.1:7480", "http://10.0.0.1:7480"},
      {"http://store.example", "http://store.example"},
      {"https://store.example/", "https://store.example"},
      {"HTTPS://store.example:443", "https://store.example:443"},
      {"[::1]:9000", "http://[::1]:9000"},
      {"[fd00::2]", "http://[fd00::2]"},
      {" store \n", "http://store"},
      {"", ""},
      {"ftp://store", ""},
      {"store:0", ""},
      {"store:65536", ""},
      {"store:port", ""},
      {"store/bucket", ""},
      {"user:secret@store", ""},
      {"sto re", ""},
      {"a,b", ""},
      {"[::1", ""},
      {"http://", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result<std::string> url = parse_s3_endpoint(row.text);
    CHECK(url.value_or("") == row.url);
    if (!url) CHECK(url.error().message().find("write HOST, HOST:PORT or") != std::string::npos);
  }
}

TEST_CASE("the preset mounts what JOB_PREFIX names, with the options images had before") {
  World world;
  world.env = {{"JOB_PREFIX", "obs://bucket/some/prefix/"}, {"S3_ENDPOINT", "store:9000"},
               {"ACCESS_KEY_FILE", "/run/key-id"}};
  world.files["/run/key-id"] = "AKEXAMPLE\n";
  const Planned planned = plan_text("", world);
  CHECK(lines(planned.complaints) == "");
  const Unit& unit = planned.plan[*planned.plan.find("mount.workdir")];
  CHECK(join(unit.launch.argv, " ") ==
        "s3fs bucket:/some/prefix /workdir -f -o passwd_file=/proc/self/fd/9 "
        "-o url=http://store:9000 -o use_path_request_style -o uid=0,umask=227,gid=0 "
        "-o use_cache=/tmp/cache");
  CHECK(unit.mount->source == "s3://bucket/some/prefix");
  CHECK(unit.mount->s3->access_key == "AKEXAMPLE");
  CHECK(unit.on_failure == OnFailure::Shutdown);
}

TEST_CASE("the preset's mount is skipped without JOB_PREFIX, and refused with a wrong one") {
  World world;
  const Planned without = plan_text("", world);
  CHECK(lines(without.complaints) == "");
  CHECK(without.plan[*without.plan.find("mount.workdir")].conditions.skip_reason ==
        "the variable JOB_PREFIX is not set");
  world.env = {{"JOB_PREFIX", "hdfs://x"}, {"S3_ENDPOINT", "a b"}, {"ACCESS_KEY", "x"}};
  const std::string complaints = lines(plan_text("", world).complaints);
  CHECK(complaints.find("mount.workdir.source: cannot read \"hdfs://x\"") != std::string::npos);
  CHECK(complaints.find("mount.workdir.endpoint: cannot read \"a b\"") != std::string::npos);
}
