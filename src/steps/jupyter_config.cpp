#include "steps/jupyter_config.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "steps/text_block.h"

namespace bootsman {
namespace {

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.';
}

/// "ServerApp.port" for each statement `c.ServerApp.port = …`, also where it stands indented in an
/// `if`, and for what is below it (`c.ServerApp.tornado_settings["x"] = …`). Comments do not count.
std::set<std::string> assigned_keys(std::string_view config) {
  std::set<std::string> keys;
  for (const std::string_view whole : lines_of(config)) {
    std::string_view line = trim(whole);
    // `c.A.x = 1; c.A.y = 2` is rare, but costs one loop.
    for (std::string_view part : split(line, ';')) {
      part = trim(part);
      if (!part.starts_with("c.")) continue;
      part.remove_prefix(2);
      const auto end = std::ranges::find_if_not(part, is_name_char);
      const std::string_view key(part.begin(), end);
      const std::string_view after = trim(std::string_view(end, part.end()));
      const bool call = after.starts_with('(');  // .update(…), .append(…)
      const auto dot = call ? key.rfind('.') : std::string_view::npos;
      if (after.starts_with('=') || after.starts_with('[') || after.starts_with("+=") || call)
        keys.insert(std::string(dot == std::string_view::npos ? key : key.substr(0, dot)));
    }
  }
  return keys;
}

class Lacking {
 public:
  explicit Lacking(std::set<std::string> keys) : keys_(std::move(keys)) {}

  void want(const std::string& owner, const std::string& key, const std::string& value) {
    if (keys_.contains(owner + "." + key)) return;
    if (keys_.contains("NotebookApp." + key))
      text += "c." + owner + "." + key + " = c.NotebookApp." + key + "\n";
    else
      text += "c." + owner + "." + key + " = " + value + "\n";
  }
  bool has(const std::string& key) const { return keys_.contains(key); }

  std::string text;

 private:
  std::set<std::string> keys_;
};

}  // namespace

std::string python_quote(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted.push_back('\\');
    if (c == '\n')
      quoted += "\\n";
    else if (c == '\r')
      quoted += "\\r";
    else
      quoted.push_back(c);
  }
  return quoted + "'";
}

bool jupyter_has_login(std::string_view config) {
  const auto keys = assigned_keys(config);
  static constexpr std::string_view kLogins[] = {"ServerApp.token",
                                                 "ServerApp.password",
                                                 "NotebookApp.token",
                                                 "NotebookApp.password",
                                                 "IdentityProvider.token",
                                                 "PasswordIdentityProvider.hashed_password",
                                                 "ServerApp.identity_provider_class"};
  return std::ranges::any_of(kLogins,
                             [&](std::string_view key) { return keys.contains(std::string(key)); });
}

std::string jupyter_lacking_keys(std::string_view config, const JupyterWants& wants) {
  Lacking lacking(assigned_keys(config));
  lacking.want("ServerApp", "ip", python_quote(wants.ip));
  lacking.want("ServerApp", "port", std::to_string(wants.port));
  lacking.want("ServerApp", "open_browser", "False");
  // NotebookApp called it notebook_dir.
  if (lacking.has("ServerApp.root_dir") || lacking.has("ServerApp.notebook_dir")) {
  } else if (lacking.has("NotebookApp.notebook_dir")) {
    lacking.text += "c.ServerApp.root_dir = c.NotebookApp.notebook_dir\n";
  } else {
    lacking.want("ServerApp", "root_dir", python_quote(wants.root_dir));
  }
  lacking.want("ServerApp", "base_url", python_quote(wants.base_url));
  lacking.want("ServerApp", "allow_origin", "'*'");
  lacking.want("ServerApp", "allow_remote_access", "True");
  lacking.want("ServerApp", "tornado_settings",
               "{\n    'headers': {\n"
               "        'Content-Security-Policy': \"frame-ancestors * 'self' \"\n"
               "    }\n}");
  lacking.want("MultiKernelManager", "default_kernel_name", "'python3'");
  lacking.want("NotebookNotary", "db_file", "':memory:'");
  if (!lacking.has("ServerApp.iopub_data_rate_limit"))
    lacking.want("ZMQChannelsWebsocketConnection", "iopub_data_rate_limit", "1000000.0");
  if (!lacking.has("ServerApp.rate_limit_window"))
    lacking.want("ZMQChannelsWebsocketConnection", "rate_limit_window", "3.0");
  if (!wants.password.empty())
    lacking.text +=
        "try:\n"
        "    import jupyter_server.auth.identity\n"
        "    c.PasswordIdentityProvider.hashed_password = " +
        python_quote(wants.password) +
        "\nexcept ImportError:\n"
        "    c.ServerApp.password = " +
        python_quote(wants.password) + "\n";
  if (wants.token_file.empty()) return lacking.text;
  // Read when the server starts, so that the token is in no argument, environment or readable file.
  return lacking.text +
         "try:\n"
         "    with open(" +
         python_quote(wants.token_file) +
         ") as token_file:\n"
         "        token = token_file.read().strip()\n"
         "    try:\n"
         "        import jupyter_server.auth.identity\n"
         "        c.IdentityProvider.token = token\n"
         "    except ImportError:\n"
         "        c.ServerApp.token = token\n"
         "except OSError:\n"
         "    pass\n";
}

}  // namespace bootsman
