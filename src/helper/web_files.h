#pragma once

#include <string>

#include "helper/transfer.h"
#include "steps/facts.h"
#include "steps/work.h"

namespace bootsman {

/// Carries out what a step wants of a server.
FileResult<Fetched> fetch_to(const FetchFile& change);

/// The text of a server's file, of at most 1 MiB; kept in a folder below `state_folder`, so that it
/// is there while the server is away.
Result<WebText> fetch_text(const WebFile& file, const std::string& state_folder);

}  // namespace bootsman
