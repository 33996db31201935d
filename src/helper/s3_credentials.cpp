#include "helper/s3_credentials.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <map>

#include "base/text.h"
#include "helper/command.h"
#include "sys/child.h"

extern char** environ;

namespace bootsman {
namespace {

constexpr std::size_t kSecretMax = 16 * 1024;
constexpr std::uint64_t kLogfileSince = 88;  // Of version 1.

std::map<std::string, std::string> own_variables() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos && equals > 0)
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

void drop_line_end(std::string& text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
}

Result<std::string> decrypted(const std::vector<std::string>& program, const std::string& secret) {
  const std::string name = printable(program.front(), 80);
  CommandLine command;
  command.argv = program;
  command.argv[0] = find_program(program.front());
  if (command.argv[0].empty()) return fail("cannot decrypt the secret: there is no " + name);
  command.input = secret;
  auto output = run_command(command, own_variables());
  if (!output) return fail(std::move(output).error());
  if (output->timed_out) return fail("cannot decrypt the secret: " + name + " took longer than 10 s");
  if (!output->status.success())
    return fail("cannot decrypt the secret: " + name + " " + describe(output->status) +
                (output->text.empty() ? "" : ": " + printable(trim(output->text))));
  drop_line_end(output->out);
  if (output->out.empty()) return fail("cannot decrypt the secret: " + name + " printed nothing");
  return std::move(output->out);
}

}  // namespace

Result<std::string> find_secret_key(const MountRequest& request) {
  const S3Access& s3 = *request.mount.s3;
  std::string secret = request.secret;
  if (secret.empty() && !request.secret_file.empty()) {
    auto text = read_text(request.secret_file, kSecretMax);
    if (!text) return fail(std::move(text).error().within("variable " + s3.secret + "_FILE"));
    secret = std::move(*text);
    drop_line_end(secret);
  }
  if (secret.empty())
    return fail("the secret " + s3.secret + " is not set: set the variable " + s3.secret + ", or " +
                s3.secret + "_FILE to the path of a file with it");
  if (!s3.decryptor.empty()) {
    auto key = decrypted(s3.decryptor, secret);
    if (!key) return key;
    secret = std::move(*key);
  }
  if (secret.find_first_of("\r\n") != std::string::npos)
    return fail("the secret " + s3.secret + " has more than one line");
  return secret;
}

Result<UniqueFd> make_password_file(const std::string& key_id, const std::string& secret_key) {
  UniqueFd file(::memfd_create("passwd-s3fs", MFD_CLOEXEC));
  const std::string line = key_id + ":" + secret_key + "\n";
  if (!file || ::fchmod(file.get(), 0600) != 0 ||
      ::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return fail(with_errno("cannot make a file in memory for the key", errno));
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::string program_version(const std::string& program) {
  CommandLine command;
  command.argv = {find_program(program), "--version"};
  if (command.argv[0].empty()) return "";
  const auto output = run_command(command, own_variables());
  return output ? output->out : "";
}

bool knows_logfile(const std::string& version_line) {
  // "Amazon Simple Storage Service File System V1.90 (commit:unknown) with GnuTLS"
  const std::size_t at = version_line.find(" V1.");
  if (at == std::string::npos) return version_line.find(" V") != std::string::npos;
  std::size_t end = at + 4;
  while (end < version_line.size() && version_line[end] >= '0' && version_line[end] <= '9') ++end;
  return parse_number(version_line.substr(at + 4, end - at - 4)).value_or(0) >= kLogfileSince;
}

}  // namespace bootsman
