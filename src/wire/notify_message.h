#pragma once

#include <string_view>

#include "core/messages.h"

namespace bootsman {

/// Reads one datagram of sd_notify(3): lines of NAME=value, of which those that are not known here
/// (MAINPID, FDSTORE, ERRNO, …) mean nothing. STATUS is made fit to be printed, and cut at 200
/// bytes.
Word parse_notification(std::string_view datagram);

}  // namespace bootsman
