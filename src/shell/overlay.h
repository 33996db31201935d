#pragma once

#include <uv.h>

#include "plan/remote.h"
#include "shell/load_config.h"
#include "shell/setup.h"

namespace bootsman {

/// Fetches the overlay that the configuration asks for, by a helper, and lays it over: `loaded`
/// becomes the configuration with it. Where it can't be had, or makes the configuration wrong,
/// `loaded` stays as it is, and its step `remote` is told why. Nothing happens where none is asked.
/// On `loop`, which nobody else turns, probes are answered meanwhile.
void lay_overlay(const Setup& setup, uv_loop_t* loop, const ConfigRequest& request,
                 const Environment& env, LoadedConfig& loaded);

/// The same with the copy of the last start, where there is one, and without asking anybody.
void lay_last_overlay(const ConfigRequest& request, const Environment& env, LoadedConfig& loaded);

}  // namespace bootsman
