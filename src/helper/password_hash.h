#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bootsman {

/// crypt(3) by the linked library: SHA-512, yescrypt, bcrypt and what else it knows. `setting` is a
/// salt or a whole hash. Needs no program and no plugin of the image.
Result<std::string> hash_password(std::string_view secret, std::string_view setting);

}  // namespace bootsman
