#pragma once

#include "base/value.h"
#include "helper/channel.h"

namespace bootsman {

/// Tells of events, one after the other: {"events":[TEXT…], "programs":[PATH…]} runs each program
/// with the event as JSON on its stdin, for 10 s at most; {"events":[TEXT…], "url":…, "bearer":…,
/// "ca_file":…, "insecure":…} sends it by POST, and tries again for a minute at most while that may
/// help. Answers with {"say": SENTENCE} for each that could not be told.
void tell_events(const Value& request, Channel& channel);

}  // namespace bootsman
