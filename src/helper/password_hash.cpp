#include "helper/password_hash.h"

#include <crypt.h>

#include <memory>

namespace bootsman {

Result<std::string> hash_password(std::string_view secret, std::string_view setting) {
  // Some 32 KiB, too much for a stack of musl.
  const auto data = std::make_unique<crypt_data>();
  const std::string phrase(secret);
  const std::string salt(setting);
  const char* hash = ::crypt_r(phrase.c_str(), salt.c_str(), data.get());
  // "*0" and "*1" say that the method or salt is not known.
  if (hash == nullptr || hash[0] == '*')
    return fail("cannot hash the password: the method is not known here");
  return std::string(hash);
}

}  // namespace bootsman
