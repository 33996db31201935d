#include "cli/wrap_command.h"

#include <cstdio>
#include <optional>
#include <vector>

#include "base/text.h"
#include "wrap/wrap.h"

namespace bootsman {

namespace {

constexpr int kWrongUsage = 2;

/// Puts one option into `options`. Otherwise why it can't be taken.
std::optional<Error> take(std::string_view name, const std::string& value, WrapOptions& options) {
  if (name == "--single-child") options.single_child = true;
  if (name == "--subreaper") options.subreaper = true;
  if (name == "--warn-on-reap") options.warn_on_reap = true;
  if (name == "--verbose") ++options.verbosity;
  if (name == "--rewrite") return read_rewrite(value, options.signals);
  if (name == "--parent-death") {
    const auto signal = parse_signal(value);
    if (!signal) return signal.error();
    options.parent_death = *signal;
  }
  if (name == "--remap-exit") {
    const auto code = parse_exit_code(value);
    if (!code) return code.error();
    options.remap_exit.set(static_cast<std::size_t>(*code));
  }
  return std::nullopt;
}

}  // namespace

int wrap_command(const Invocation& asked) {
  WrapOptions options;
  for (const auto& [name, value] : asked.options) {
    if (const auto fault = take(name, value, options)) {
      std::fprintf(stderr, "bootsman wrap %s: %s\n", std::string(name).c_str(),
                   fault->message().c_str());
      return kWrongUsage;
    }
  }
  options.warn_not_reaper = options.verbosity > 0;
  auto words = asked.words;
  std::vector<char*> command;
  for (auto& word : words) command.push_back(word.data());
  command.push_back(nullptr);
  return wrap(options, command.data());
}

}  // namespace bootsman
