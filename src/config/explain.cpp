#include "config/explain.h"

#include <algorithm>

#include "base/cells.h"
#include "base/text.h"
#include "config/keys.h"
#include "config/step_keys.h"

namespace bootsman {
namespace {

/// "service.*.restart.delay" for each kind of table that takes the key.
std::string full_paths(const Key& key, std::string_view step) {
  const std::string path(key.path);
  if (key.scopes == kTop) return path;
  if (key.scopes == kRoute) return "gateway.routes.*." + path;
  if (!step.empty()) return "step." + std::string(step) + "." + path;
  std::vector<std::string> paths;
  if ((key.scopes & kService) != 0) paths.push_back("service.*." + path);
  if ((key.scopes & kMount) != 0) paths.push_back("mount.*." + path);
  if ((key.scopes & (kCommandStep | kBuiltinStep)) != 0) paths.push_back("step.*." + path);
  if ((key.scopes & kJob) != 0) paths.push_back("job." + path);
  return join(paths, ", ");
}

std::string type_text(const Key& key) {
  if (key.type != KeyType::Word) return std::string(type_name(key.type));
  std::vector<std::string> words;
  for (const std::string_view word : split(key.words, '|'))
    words.push_back("\"" + std::string(word) + "\"");
  return join(words, ", ");
}

constexpr std::size_t kWidth = 80;

std::string paragraph(std::string_view text) {
  return wrapped("    " + std::string(text), kWidth, "    ");
}

/// "    Default: TEXT", what has no room below TEXT.
std::string labelled(std::string_view label, std::string_view text) {
  const std::string begin = padded("    " + std::string(label), 13);
  return wrapped(begin + std::string(text), kWidth, std::string(begin.size(), ' '));
}

/// Is copied, so it stays one line; below its label where it is long.
std::string example_text(const Key& key) {
  const std::string name(key.path.substr(key.path.rfind('.') + 1));
  const std::string line = name + " = " + std::string(key.example);
  const bool fits = 13 + display_width(line) <= kWidth;
  return std::string("    Example:") + (fits ? " " : "\n    ") + line + "\n";
}

std::string explanation(const Key& key, std::string_view step) {
  std::string text = wrapped(full_paths(key, step), kWidth, "  ") + paragraph(key.doc);
  text += labelled("Type:", type_text(key));
  if (const std::string fallback = fallback_text(key); !fallback.empty())
    text += labelled("Default:", fallback);
  return key.example.empty() ? text : text + example_text(key);
}

bool names(std::string_view wanted, const Key& key) {
  return key.path == wanted ||
         (key.path.starts_with(wanted) && key.path.substr(wanted.size()).starts_with('.'));
}

/// Without "service.NAME.", "mount.NAME.", "step.NAME." or "job." in front.
std::string_view within_unit(std::string_view key) {
  if (key.starts_with("job.")) return key.substr(4);
  if (!key.starts_with("service.") && !key.starts_with("step.") && !key.starts_with("mount."))
    return key;
  const std::size_t end = key.find('.', key.find('.') + 1);
  return end == std::string_view::npos ? key.substr(key.find('.') + 1) : key.substr(end + 1);
}

std::string explain_step(const StepType& step, std::string_view setting) {
  std::string text;
  if (setting.empty()) {
    text = "step." + std::string(step.type) + "\n" + paragraph(step.doc) +
           labelled("Due:", step.default_when);
  }
  for (const Key& key : step_setting_keys(step.type))
    if (setting.empty() || key.path == setting) text += explanation(key, step.type);
  return text;
}

std::string code(std::string_view text) {
  return text.empty() ? "" : "`" + std::string(text) + "`";
}

/// A cell of a Markdown table: its bars must not end it.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return escaped;
}

std::string fallback_cell(const Key& key) {
  const std::string text = fallback_text(key);
  if (text.empty()) return "must be given";
  if (text.starts_with('(')) return text.substr(1, text.size() - 2);
  return code(text);
}

std::string row(const Key& key, bool with_scopes) {
  std::string text = "| " + code(key.path) + " | ";
  if (with_scopes) text += scope_names(key.scopes) + " | ";
  text += (key.type == KeyType::Word ? code(type_text(key)) : type_text(key)) + " | " +
          cell(fallback_cell(key)) + " | " + cell(key.doc);
  if (!key.example.empty()) text += " Example: " + cell(code(key.example));
  return text + " |\n";
}

constexpr std::string_view kIntroduction =
    R"(<!-- Generated from the table of keys by `bootsman help --reference`: do not edit. -->
# Configuration reference

The configuration is TOML: `/etc/bootsman/bootsman.toml` (or `--config FILE`, or the file that
`$BOOTSMAN_CONFIG` names), then `/etc/bootsman/conf.d/*.toml` in name order. It is laid over a preset
that is compiled in: `workspace`, or what the first file names by `extends`. Tables merge key by
key; arrays and the checks `ready` and `health` are replaced whole. `ready = {}` takes a check away,
`enabled = false` a unit. Without any file the preset runs as it is. Unknown keys are errors.
`bootsman check` finds everything that is wrong, `bootsman help KEY` explains a key.

- Durations are strings with units: `"250ms"`, `"5s"`, `"1m30s"`, `"2h"`, `"1d"`. Sizes too: `"512B"`,
  `"64KiB"`, `"8MiB"`, `"1.5GiB"`, also the decimal `"KB"`, `"MB"`, `"GB"`.
- Names of units are letters, digits, `-`, `_` and `.`; other units are named `kind.name`, or by the
  bare name where that is unique.
- In string values of units that will run, `${NAME}` is the environment variable, `${NAME:-default}`
  and `${NAME:?message}` say what holds where it is unset or empty, `${file:/path}` is a file's content
  without the line end, `${ip:eth0}` the address of a network interface, and `$$` a plain `$`. Values
  are not expanded again. Any `NAME` may come as `NAME_FILE`, the path of a file with the value.
  Secrets cannot be expanded: name them in `pass_secrets`.
)";

}  // namespace

std::optional<std::string> explain_key(std::string_view key) {
  const std::string_view inner = within_unit(key);
  std::string text;
  for (const Key& row : key_table()) {
    const bool top = row.scopes == kTop;
    const bool route = row.scopes == kRoute && key.starts_with("gateway.routes.");
    const std::string_view of_route = key.substr(key.rfind('.') + 1);
    if (names(top ? key : route ? of_route : inner, row)) text += explanation(row, "");
  }
  const std::string_view step = key.starts_with("step.") ? key.substr(5) : key;
  const std::size_t dot = step.find('.');
  if (const StepType* type = find_step_type(step.substr(0, dot)))
    text += explain_step(*type, dot == std::string_view::npos ? "" : step.substr(dot + 1));
  if (text.empty()) return std::nullopt;
  return text;
}

std::string reference_page() {
  std::string page(kIntroduction);
  page += "\n## Top level\n\n| Key | Type | Default | Meaning |\n|---|---|---|---|\n";
  for (const Key& key : key_table())
    if (key.scopes == kTop) page += row(key, false);
  page += "\n## Routes of the gateway: `[gateway.routes.\"/PATH/\"]`\n\n";
  page += "| Key | Type | Default | Meaning |\n|---|---|---|---|\n";
  for (const Key& key : key_table())
    if (key.scopes == kRoute) page += row(key, false);
  page += "\n## Units: `[service.NAME]`, `[mount.NAME]`, `[step.NAME]`, `[job]`\n\n";
  page += "| Key | For | Type | Default | Meaning |\n|---|---|---|---|---|\n";
  for (const Key& key : key_table())
    if (key.scopes != kTop && key.scopes != kRoute) page += row(key, true);
  page += "\n## Built-in steps\n\nA step with one of these names needs no command.\n";
  for (const StepType& step : step_types()) {
    page += "\n### `[step." + std::string(step.type) + "]`\n\n" + std::string(step.doc) +
            " Due: " + code(step.default_when) + ".\n\n";
    page += "| Key | Type | Default | Meaning |\n|---|---|---|---|\n";
    for (const Key& key : step_setting_keys(step.type)) page += row(key, false);
  }
  return page;
}

}  // namespace bootsman
