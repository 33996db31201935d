#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/types.h"
#include "base/value.h"
#include "config/diagnostic.h"

namespace bootsman {

/// One text of the configuration, as it was read.
struct SourceText {
  std::string name;  ///< For messages: the file's path.
  std::string text;
};

enum class ConfigKind : std::uint8_t { Step, Mount, Service, Job };

/// A value of the type that the key table asks for (config/keys.h says which C++ type that is).
using SettingValue = std::variant<bool, std::int64_t, double, std::string, Millis, Signal,
                                  std::uint64_t, std::vector<std::string>, std::vector<int>,
                                  std::vector<std::pair<std::string, std::string>>>;

struct Setting {
  SettingValue value;
  Value plain;  ///< The same as plain data, durations and sizes as they were written.
  Position at;
  /// A variable in it could not be expanded (only where that is a warning): do not interpret.
  bool unresolved = false;
};

/// What one table of the configuration says, by key path ("restart.delay"); keys that nobody wrote
/// are not there. Asking with another type than the key table's is a mistake of the program and
/// gives nothing, as for a missing key.
class Settings {
 public:
  void set(std::string path, Setting setting) {
    settings_.insert_or_assign(std::move(path), std::move(setting));
  }
  const Setting* find(std::string_view path) const {
    const auto found = settings_.find(path);
    return found == settings_.end() ? nullptr : &found->second;
  }
  template <class T>
  const T* get(std::string_view path) const {
    const Setting* setting = find(path);
    return setting == nullptr ? nullptr : std::get_if<T>(&setting->value);
  }
  /// Copies the setting into `target` when there is one.
  template <class T, class Target>
  void read(std::string_view path, Target& target) const {
    if (const T* value = get<T>(path)) target = static_cast<Target>(*value);
  }
  /// Whether any key below "PREFIX." is there.
  bool any_below(std::string_view prefix) const;

  auto begin() const { return settings_.begin(); }
  auto end() const { return settings_.end(); }

 private:
  std::map<std::string, Setting, std::less<>> settings_;
};

/// One [step.NAME], [mount.NAME], [service.NAME] or [job].
struct UnitConfig {
  ConfigKind kind = ConfigKind::Service;
  std::string name;  ///< "job" for the job.
  Position at;       ///< Where it was first named.
  bool builtin = false;
  bool enabled = true;
  bool broken = false;      ///< Something in it is wrong and was reported.
  std::string skip_reason;  ///< `if_env` does not hold: nothing in it was expanded.
  Settings settings;

  /// "service.sshd"; the job is just "job".
  std::string id() const;
};

/// One route of the gateway: [gateway.routes."/PATH/"], or the string that stands for its `to`.
struct RouteConfig {
  std::string prefix;
  Position at;          ///< Where it was first named.
  bool broken = false;  ///< Something in it is wrong and was reported.
  Settings settings;
};

struct Config {
  std::vector<std::string> files;   ///< Names, in the order of merging; Position::file counts here.
  bool complete = true;             ///< False when a whole text could not be read.
  Settings settings;                ///< Of the top tables: "http.listen", "shutdown.timeout".
  std::vector<RouteConfig> routes;  ///< In the order of the texts.
  std::vector<UnitConfig> units;    ///< In the order of the texts, the preset's first.
};

std::string_view to_text(ConfigKind kind);

/// What `secrets.names` says, or its default.
std::vector<std::string> secret_names(const Settings& top);

}  // namespace bootsman
