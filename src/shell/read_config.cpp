#include "shell/read_config.h"

#include "base/json.h"
#include "base/text.h"
#include "shell/ask_helper.h"
#include "shell/what_may_hang.h"

namespace bootsman {

Value reading_request(const ConfigRequest& request) {
  Value asked;
  if (request.path) asked.set("path", *request.path);
  Value::Array command_line;
  for (const std::string& word : request.command_line) command_line.emplace_back(word);
  asked.set("command_line", std::move(command_line));
  if (request.overlay) asked.set("overlay", request.overlay->text);
  return asked;
}

std::string path_being_read(std::string_view answers) {
  answers = answers.substr(0, answers.rfind('\n') + 1);
  while (answers.ends_with('\n')) answers.remove_suffix(1);
  const auto last = parse_json(answers.substr(answers.rfind('\n') + 1));
  return last ? last->get_string("reading") : "";
}

namespace {

/// Reads it here, unless one of its files may lie on a file system that hangs.
std::optional<LoadedConfig> read_at_once(const ConfigRequest& request, const Environment& env) {
  bool may_hang = false;
  ConfigRequest careful = request;
  careful.may_open = [&may_hang](const std::string& path) {
    may_hang = may_hang || !path.starts_with('/') || !what_may_hang(path).empty();
    return !may_hang;
  };
  LoadedConfig loaded = load_configuration(careful, env);
  if (may_hang) return std::nullopt;
  return loaded;
}

}  // namespace

std::optional<LoadedConfig> read_configuration(const Setup& setup, const ConfigRequest& request,
                                               const Environment& env) {
  if (auto loaded = read_at_once(request, env)) return loaded;
  std::vector<std::string> block;
  for (const auto& [name, value] : env) block.push_back(name + "=" + value);
  const HelperSaid said = hear_helper(setup, "read-config", reading_request(request),
                                      std::move(block), kConfigPatience);
  if (said.end == HelperSaid::End::Stopping) return std::nullopt;
  // Where no helper can run at all (no /proc, no free process) a start must not fail for that.
  if (said.end != HelperSaid::End::Silent) return load_configuration(request, env);
  const std::string path = path_being_read(said.text);
  LoadedConfig loaded;
  loaded.diagnostics.error({}, "",
                           "cannot read " + (path.empty() ? "the configuration" : printable(path)) +
                               ": the file system that it lies on does not answer (" +
                               say_duration(kConfigPatience) + ")");
  return loaded;
}

}  // namespace bootsman
