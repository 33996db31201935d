#include "helper/s3_preflight.h"

#include <doctest/doctest.h>

#include "helper/s3_credentials.h"

using namespace bootsman;

namespace {

S3Access access() {
  S3Access s3;
  s3.endpoint = "http://store:9000";
  s3.bucket = "jobs";
  s3.prefix = "a b/ü";
  return s3;
}

S3Reply reply(int status, const char* code = "", std::optional<std::int64_t> ahead = 0) {
  S3Reply said;
  said.status = status;
  said.code = code;
  said.ahead = ahead;
  return said;
}

}  // namespace

TEST_CASE("what a store says beforehand becomes the reason why a mount cannot be made") {
  S3Reply silent;
  silent.failure = "connection refused";
  S3Reply elsewhere = reply(301, "PermanentRedirect");
  elsewhere.region = "eu-west-1";
  struct Row {
    const char* name;
    S3Reply said;
    bool go_on;
    bool hopeless;
    const char* why;
  };
  const Row rows[] = {
      {"all is well", reply(200), true, false, ""},
      {"nobody there", silent, false, false,
       "no answer from http://store:9000: connection refused"},
      {"wrong secret", reply(403, "SignatureDoesNotMatch"), false, true,
       "access denied (403 SignatureDoesNotMatch)"},
      {"unknown key", reply(403, "InvalidAccessKeyId"), false, true,
       "access denied (403 InvalidAccessKeyId)"},
      {"refused without a word", reply(403), false, true, "access denied (403)"},
      {"listing is forbidden, the rest may not be", reply(403, "AccessDenied"), true, true,
       "access denied (403 AccessDenied)"},
      {"no such bucket", reply(404, "NoSuchBucket"), false, true,
       "the bucket \"jobs\" does not exist (404 NoSuchBucket)"},
      {"clock ahead", reply(403, "RequestTimeTooSkewed", 3600), false, false,
       "this machine's clock is 1 h ahead of the server's (403 RequestTimeTooSkewed); set the "
       "clock"},
      {"clock behind, said in other words", reply(403, "AccessDenied", -7200), false, false,
       "this machine's clock is 2 h behind the server's (403 AccessDenied); set the clock"},
      {"another region", elsewhere, false, true,
       "the bucket is not in the region \"us-east-1\", it is in eu-west-1 (301 PermanentRedirect); "
       "set `region`"},
      {"overloaded", reply(503, "SlowDown"), false, false,
       "the server at http://store:9000 fails (503 SlowDown)"},
      {"something else", reply(418), true, false, "the server at http://store:9000 answers (418)"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const S3Verdict verdict = judge_reply(access(), row.said);
    CHECK(verdict.go_on == row.go_on);
    CHECK(verdict.hopeless == row.hopeless);
    CHECK(verdict.why == row.why);
  }
}

TEST_CASE("the query that is signed is sorted and encoded as SigV4 wants it") {
  CHECK(list_query("") == "list-type=2&max-keys=1&prefix=");
  CHECK(list_query("a b/ü") == "list-type=2&max-keys=1&prefix=a%20b%2F%C3%BC%2F");
}

TEST_CASE("of an error document only the code is read") {
  CHECK(xml_text("<Error><Code>NoSuchBucket</Code></Error>", "Code") == "NoSuchBucket");
  CHECK(xml_text("<Error><Code>NoSuch", "Code") == "");
  CHECK(xml_text("not found", "Code") == "");
}

TEST_CASE("a key's id is shown shortened") {
  CHECK(shortened_key("AKEXAMPLEKEY01") == "AKEX…01");
  CHECK(shortened_key("short") == "sh…");
  CHECK(shortened_key("") == "…");
}

TEST_CASE("only a s3fs of 1.88 or later is told to log without a buffer") {
  CHECK(knows_logfile("Amazon Simple Storage Service File System V1.90 (commit:unknown)"));
  CHECK(knows_logfile("Amazon Simple Storage Service File System V1.88 (commit:x)"));
  CHECK(!knows_logfile("Amazon Simple Storage Service File System V1.86 (commit:unknown)"));
  CHECK(!knows_logfile(""));
  CHECK(knows_logfile("Amazon Simple Storage Service File System V2.1"));
}

TEST_CASE("a secret comes from where it was handed over, from its file, or out of a decryptor") {
  MountRequest request;
  request.mount.s3 = access();
  request.mount.s3->secret = "SECRET_KEY";
  CHECK(find_secret_key(request).error().message() ==
        "the secret SECRET_KEY is not set: set the variable SECRET_KEY, or SECRET_KEY_FILE to the "
        "path of a file with it");
  request.secret = "drowssap";
  CHECK(find_secret_key(request).value() == "drowssap");
  request.mount.s3->decryptor = {"rev"};
  CHECK(find_secret_key(request).value() == "password");
  request.mount.s3->decryptor = {"false"};
  CHECK(find_secret_key(request).error().message().starts_with(
      "cannot decrypt the secret: false exited 1"));
  request.mount.s3->decryptor = {"no-such-program-here"};
  CHECK(find_secret_key(request).error().message() ==
        "cannot decrypt the secret: there is no no-such-program-here");
}
