#include "shell/read_config.h"

#include "base/json.h"
#include "base/text.h"
#include "shell/ask_helper.h"

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

std::optional<LoadedConfig> read_configuration(const Setup& setup, const ConfigRequest& request,
                                               const Environment& env) {
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
