#pragma once

#include "base/value.h"

namespace bootsman {

/// Carries out a request of `helper fetch` and returns its answer; both as helper/protocol.h says.
Value answer_fetch(const Value& request);

}  // namespace bootsman
