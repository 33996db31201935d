#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bootsman {

struct JupyterWants {
  std::string ip;
  std::int64_t port = 8888;
  std::string base_url;
  std::string root_dir;
  std::string token_file;     ///< Empty: the configuration says nothing of a token.
  std::string password = {};  ///< A hash as `jupyter server password` makes it; empty: none.
};

/// The Python lines that a jupyter_config.py lacks, empty when it has all. A key that it sets for
/// NotebookApp alone is handed to ServerApp with the author's value: jupyter-server ignores
/// NotebookApp, and JupyterLab ignores its open_browser.
std::string jupyter_lacking_keys(std::string_view config, const JupyterWants& wants);

/// Whether it sets a token or password of its own.
bool jupyter_has_login(std::string_view config);

/// The text as a Python string literal.
std::string python_quote(std::string_view text);

}  // namespace bootsman
