#include "config/step_keys.h"

#include <array>
#include <string>

#include "base/json.h"
#include "base/text.h"

namespace bootsman {
namespace {

using enum StepKeyType;

constexpr std::array kTypes = std::to_array<StepType>({
    {"profile", "always", "Imports what /etc/profile exports, as a login shell would see it."},
    {"proxy", "always",
     "Completes the proxy variables for all units: small letters and capitals, the container's own "
     "addresses excepted."},
    {"resolv", "changed", "Adds name servers, search domains and options for looking names up."},
    {"hosts", "changed", "Adds names to /etc/hosts."},
    {"directories", "changed", "Creates folders that services expect."},
    {"timezone", "changed", "Sets the time zone of the container."},
    {"locale", "changed", "Sets the language of the container."},
    {"password", "always", "Sets passwords from a file or from ROOT_PASSWORD."},
    {"authorized_keys", "changed",
     "Gives users public keys to log in by ssh with: those of $AUTHORIZED_KEYS, of the file that "
     "$AUTHORIZED_KEYS_FILE names, and of the settings, in one block of each user's file. A key "
     "that is taken away from all of them loses its place there at the next start."},
    {"ssh", "changed", "Prepares sshd: host keys, settings, the environment of sessions."},
    {"motd", "once", "Shows what the container has in every interactive shell."},
    {"pip", "once", "Points pip at a package index."},
    {"uv", "once", "Points uv at a package index."},
    {"npm", "once", "Points npm at a registry."},
    {"conda", "once", "Points conda at its channels."},
    {"jupyter", "once", "Settings, server configuration and token of Jupyter."},
    {"files", "changed",
     "Writes, copies and fetches files. A target may begin with {python}, the folder of modules of "
     "each Python that is found, and have the wildcards *, ? and [a-z] for what is there. What a "
     "user changed in a home stays. Each failure concerns its target alone."},
    {"shutdown-command", "changed", "Makes `shutdown` stop the container."},
    {"hooks", "always",
     "Runs the programs of a folder in the order of their names. All are run; the step has failed "
     "when one of them has."},
    {"remote", "always",
     "Lays a configuration of another machine over this one, or runs a script of it. In no "
     "preset."},
});

constexpr std::array kKeys = std::to_array<StepKey>({
    {"profile", "file", String, "/etc/profile", "The shell file that is sourced in a child."},
    {"profile", "time_limit", Duration, "5s", "How long sourcing it may take."},
    {"profile", "append_path", Strings, R"(["/init/bin"])", "Folders put at the end of PATH."},

    {"proxy", "http", String, "", "The proxy for http. Empty: $http_proxy or $HTTP_PROXY."},
    {"proxy", "https", String, "", "The proxy for https. Empty: $https_proxy or $HTTPS_PROXY."},
    {"proxy", "no_proxy", String, "",
     "Hosts that are asked directly, with commas. Empty: $no_proxy or $NO_PROXY. localhost, "
     "127.0.0.1 and ::1 are added."},

    {"resolv", "file", String, "/etc/resolv.conf", "resolv.conf(5)."},
    {"resolv", "nameservers", Strings, "[]",
     "Numeric addresses, asked before those that the file has."},
    {"resolv", "search", Strings, "[]", "Search domains, in the place of those that the file has."},
    {"resolv", "options", Strings, "[]",
     "Such as \"timeout:2\" or \"ndots:2\". They win over those that the file has."},

    {"hosts", "file", String, "/etc/hosts", "hosts(5)."},
    {"hosts", "entries", Pairs, "{}", "Names by address: {\"10.0.0.5\" = \"minio minio.local\"}."},

    {"directories", "paths", Strings, R"(["/root/tensorboard-logs"])",
     "Folders to create, with their parents."},
    {"directories", "mode", String, "0755", "Mode of a folder that is created, octal."},

    {"timezone", "zone", String, "",
     "A name of the tz database. Empty: $TZ, else Asia/Shanghai unless the image chose one."},

    {"locale", "lang", String, "",
     "A locale such as zh_CN.UTF-8. Empty: $LANG, else zh_CN.UTF-8 unless the image chose one."},
    {"locale", "generate", Bool, "true", "Build the locale with localedef where it is missing."},

    {"password", "file", String, "/sync/root-passwd",
     "Lines \"user:secret\". Applied, then removed. Not there: nothing to do."},
    {"password", "hashed", Bool, "false", "The secrets are crypt(5) hashes, not plain text."},
    {"password", "account", String, "root", "Whose password ROOT_PASSWORD is."},
    {"password", "allow_default_password", Bool, "false",
     "Leave the public default password 123456 usable."},

    {"authorized_keys", "users", Strings, R"(["root"])", "Who gets the keys."},
    {"authorized_keys", "keys", Strings, "[]", "Public keys, as lines of authorized_keys."},
    {"authorized_keys", "file", String, "", "A file with such lines. Empty: none."},
    {"authorized_keys", "url", String, "",
     "An https address of such lines. While the server is away the last answer counts."},
    {"authorized_keys", "sha256", String, "", "Of what the url gives. Empty: it is not checked."},
    {"authorized_keys", "ca_file", String, "",
     "Certificates to check the server by. Empty: the system's."},
    {"authorized_keys", "time_limit", Duration, "30s", "How long the url may take."},
    {"authorized_keys", "config", String, "/etc/ssh/sshd_config",
     "sshd's configuration file, whose AuthorizedKeysFile says where keys are."},

    {"ssh", "permit_root_login", String, "yes", "sshd's PermitRootLogin."},
    {"ssh", "password_authentication", Bool, "true", "sshd's PasswordAuthentication."},
    {"ssh", "override", Bool, "false",
     "Set both also where the image's own sshd_config says something else."},
    {"ssh", "config", String, "/etc/ssh/sshd_config", "sshd's configuration file."},
    {"ssh", "host_keys", String, "unique",
     "\"unique\": made anew for each container; \"keep\": only those that are missing."},
    {"ssh", "host_keys_dir", String, "/etc/ssh",
     "Where the host keys are. On a volume they outlive the container."},
    {"ssh", "host_key_types", Strings, R"(["ed25519", "ecdsa", "rsa"])", "Kinds of host key."},
    {"ssh", "publish_env", Bool, "true",
     "Show the container's environment, without secrets, to ssh sessions."},
    {"ssh", "env_exclude", Strings, "[]", "Variables that ssh sessions do not get."},

    {"motd", "file", String, "/etc/matrixdc-motd", "The shell file that shows the message."},
    {"motd", "sudo_alias", Bool, "true",
     "Define `alias sudo=\"\"`: containers seldom have sudo, and pasted commands use it."},

    {"pip", "file", String, "/etc/pip.conf", "pip's configuration file."},
    {"pip", "index_url", String, "https://mirrors.aliyun.com/pypi/simple", "The package index."},
    {"pip", "insecure", Bool, "false", "Use plain http and trust the host without TLS."},
    {"pip", "overwrite", Bool, "false", "Replace the file also where it is someone's own."},

    {"uv", "file", String, "/etc/uv/uv.toml", "uv's configuration file."},
    {"uv", "index_url", String, "https://mirrors.aliyun.com/pypi/simple", "The package index."},
    {"uv", "insecure", Bool, "false", "Take the host's certificate without checking it."},
    {"uv", "overwrite", Bool, "false", "Replace the file also where it is someone's own."},

    {"npm", "file", String, "/root/.npmrc", "npm's configuration file."},
    {"npm", "registry", String, "https://registry.npmmirror.com/", "The registry."},
    {"npm", "insecure", Bool, "false", "Take the host's certificate without checking it."},
    {"npm", "overwrite", Bool, "false", "Replace the file also where it is someone's own."},

    {"conda", "file", String, "/root/.condarc", "conda's configuration file."},
    {"conda", "channels", Strings,
     R"(["https://mirrors.tuna.tsinghua.edu.cn/anaconda/pkgs/main/", )"
     R"("https://mirrors.tuna.tsinghua.edu.cn/anaconda/pkgs/free/", )"
     R"("https://mirrors.tuna.tsinghua.edu.cn/anaconda/cloud/pytorch/", "defaults"])",
     "Channels, first come first."},
    {"conda", "show_channel_urls", Bool, "true", "conda's show_channel_urls."},
    {"conda", "overwrite", Bool, "false", "Replace the file also where it is someone's own."},

    {"jupyter", "config", String, "/init/jupyter/jupyter_config.py",
     "The server's configuration file: created, or given only the keys that it lacks."},
    {"jupyter", "settings_dir", String, "",
     "JupyterLab's folder of user settings. Empty: .jupyter/lab/user-settings in the home of "
     "`user`, "
     "or /root."},
    {"jupyter", "terminal_theme", String, "dark", "Theme of terminals. Empty: not set."},
    {"jupyter", "locale", String, "zh_CN", "Language of JupyterLab. Empty: not set."},
    {"jupyter", "ip", String, "0.0.0.0", "Address that the server listens on."},
    {"jupyter", "port", Integer, "8888", "Port that the server listens on."},
    {"jupyter", "base_url", String, "/jupyter/", "Path below which the server answers."},
    {"jupyter", "root_dir", String, "/root", "Folder that the file browser shows."},
    {"jupyter", "token", Bool, "true",
     "Use $JUPYTER_TOKEN or a random token that stays the same for this container."},
    {"jupyter", "password", String, "",
     "The hash of a password, as `jupyter server password` makes it, in the place of a token."},
    {"jupyter", "user", String, "",
     "Who runs the server, where that is not the init's own user: the token and the user settings "
     "become this user's."},
    {"jupyter", "overrides", Pairs, "{}",
     "Defaults of JupyterLab for all its users, added to its overrides.json where they lack: JSON "
     "by "
     "plugin, as {\"@jupyterlab/apputils-extension:themes\" = "
     "'{\"theme\": \"JupyterLab Dark\"}'}."},
    {"jupyter", "lab_dir", String, "",
     "JupyterLab's application folder, as `jupyter lab path` prints it. Empty: share/jupyter/lab "
     "beside the bin folder of jupyter-lab."},

    {"files", "write", Pairs, "{}", "Texts by target."},
    {"files", "copy", Pairs, "{}",
     "Files (of at most 4 MiB) and folders of the image by target. A folder that is there and not "
     "empty stays."},
    {"files", "download", Pairs, "{}",
     "Addresses by target: {\"{python}/notebook/static/base/images/logo.png\" = "
     "\"https://HOST/logo.png#sha256=…\"}."},
    {"files", "unpack", Pairs, "{}",
     "Archives (tar, tar.gz, zip) by target: addresses as for download, or paths. A folder that is "
     "there and not empty stays. An archive with names or links that lead out of the folder, with "
     "devices or encrypted files is refused whole."},
    {"files", "clone", Pairs, "{}",
     "Git repositories by target, with a branch or tag after a #. A folder that is there and not "
     "empty stays. The program git does it."},
    {"files", "modes", Pairs, "{}", "Modes by target, octal."},
    {"files", "overwrite", Bool, "false", "Replace also what a user changed in a home."},
    {"files", "allow_unverified", Bool, "false", "Fetch also what has no #sha256=."},
    {"files", "insecure", Bool, "false",
     "Do not look at certificates, and allow http. With a warning at each start."},
    {"files", "ca_file", String, "", "Certificates to check servers by. Empty: the system's."},
    {"files", "time_limit", Duration, "5m", "What each download, copy and clone may take."},
    {"files", "max_size", String, "2GiB", "What a download may have."},
    {"files", "max_unpacked", String, "20GiB", "What the files of an archive may have together."},

    {"shutdown-command", "file", String, "/usr/bin/shutdown", "Where the command goes."},
    {"shutdown-command", "trash", String, "/root/.local/share/Trash",
     "Folder that is emptied before the container stops. Empty: none."},

    {"hooks", "folder", String, "/etc/bootsman/boot.d", "Where the programs are."},
    {"hooks", "time_limit", Duration, "60s", "What each of them may take, before it is killed."},

    {"remote", "overlay", String, "",
     "URL of a TOML file that is laid over the configuration files, before anything starts. When "
     "it can't be had, that of an earlier start counts, else none."},
    {"remote", "overlay_sha256", String, "", "SHA-256 of the overlay, as `sha256sum` prints it."},
    {"remote", "script", String, "",
     "URL of a script, which begins with #! and is run after the other steps."},
    {"remote", "script_sha256", String, "", "SHA-256 of the script."},
    {"remote", "script_timeout", Duration, "2m", "How long the script may run."},
    {"remote", "allow_unverified", Bool, "false",
     "Take files without a SHA-256: whoever has the server has the container."},
    {"remote", "insecure", Bool, "false",
     "Do not check the server's certificate, and allow http. Warned of at each start."},
    {"remote", "ca_file", String, "",
     "Certificates (PEM) of the authorities that may sign the server's. Empty: $SSL_CERT_FILE, "
     "else the image's."},
    {"remote", "timeout", Duration, "30s",
     "How long fetching a file may take, all tries together."},
});

Value default_value(const StepKey& key) {
  const std::string_view text = key.default_text;
  switch (key.type) {
    case Bool:
      return text == "true";
    case Integer:
      return static_cast<std::int64_t>(parse_number(text).value_or(0));
    case Strings:
      return parse_json(text).value_or(Value(Value::Array{}));
    case Pairs:
      return Value(Value::Object{});
    case String:
    case Duration:
      break;
  }
  return text;
}

}  // namespace

std::span<const StepType> step_types() {
  return kTypes;
}

const StepType* find_step_type(std::string_view type) {
  for (const StepType& row : kTypes)
    if (row.type == type) return &row;
  return nullptr;
}

std::span<const StepKey> step_keys() {
  return kKeys;
}

Value with_step_defaults(std::string_view type, const Value& settings) {
  Value filled = settings.object() != nullptr ? settings : Value(Value::Object{});
  for (const StepKey& key : kKeys)
    if (key.step == type && filled.find(key.key) == nullptr)
      filled.set(key.key, default_value(key));
  return filled;
}

}  // namespace bootsman
