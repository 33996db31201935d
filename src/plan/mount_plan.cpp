#include "plan/mount_plan.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "plan/s3_location.h"
#include "plan/s3fs_command.h"
#include "plan/unit_plan.h"

namespace bootsman {
namespace {

using Strings = std::vector<std::string>;
using Type = MountPlan::Type;

constexpr Millis kFirstMount{30'000};
constexpr Millis kReadyEvery{200};
constexpr Millis kHealthEvery{10'000};
constexpr Millis kProbeTime{5'000};

/// Which types a key goes with.
struct KeyUse {
  std::string_view key;
  std::initializer_list<Type> types;
};
const std::array kUses{
    KeyUse{"source", {Type::S3fs, Type::Nfs, Type::Bind}},
    KeyUse{"endpoint", {Type::S3fs}},
    KeyUse{"region", {Type::S3fs}},
    KeyUse{"access_key", {Type::S3fs}},
    KeyUse{"secret", {Type::S3fs}},
    KeyUse{"decryptor", {Type::S3fs}},
    KeyUse{"preflight", {Type::S3fs}},
    KeyUse{"cache", {Type::S3fs}},
    KeyUse{"cache_limit", {Type::S3fs}},
    KeyUse{"options", {Type::S3fs, Type::Nfs, Type::Tmpfs}},
    KeyUse{"command", {Type::Command}},
};

class MountPlanner {
 public:
  MountPlanner(const UnitConfig& config, const Strings& secrets, Unit& unit,
               Diagnostics& diagnostics)
      : config_(config),
        settings_(config.settings),
        secrets_(secrets),
        unit_(unit),
        diagnostics_(diagnostics) {}

  void plan() {
    // Values of a unit that does not run are not expanded.
    if (!config_.skip_reason.empty()) return;
    unit_.conditions.mount_conflict = true;
    type();
    target();
    settings_.read<bool>("read_only", mount_.read_only);
    settings_.read<Strings>("options", mount_.options);
    source();
    if (mount_.type == Type::S3fs) s3fs();
    command();
    probes();
  }

 private:
  void error(std::string_view key, std::string text) {
    const Setting* setting = settings_.find(key);
    diagnostics_.error(setting == nullptr ? config_.at : setting->at,
                       config_.id() + "." + std::string(key), std::move(text));
  }

  void missing(std::string_view key, std::string_view hint) {
    if (!config_.broken) error(key, "is missing: write " + std::string(hint));
  }

  /// The text of a string key that can be interpreted. Says what is missing.
  const std::string* need(std::string_view key, std::string_view hint) {
    const Setting* setting = settings_.find(key);
    if (setting == nullptr) missing(key, hint);
    return setting == nullptr || setting->unresolved ? nullptr : settings_.get<std::string>(key);
  }

  void type() {
    if (settings_.find("type") == nullptr)
      return missing("type", "type = \"s3fs\", \"nfs\", \"bind\", \"tmpfs\" or \"command\"");
    read_word(settings_, "type", {"s3fs", "nfs", "bind", "tmpfs", "command"}, mount_.type);
    for (const KeyUse& use : kUses) {
      if (settings_.find(use.key) == nullptr) continue;
      if (std::find(use.types.begin(), use.types.end(), mount_.type) != use.types.end()) continue;
      Strings types;
      for (const Type one : use.types) types.emplace_back(to_text(one));
      error(use.key, "goes with the type " + join(types, ", ") + " only, not with " +
                         std::string(to_text(mount_.type)));
    }
  }

  void target() {
    const std::string* target = need("target", "target = \"/workdir\"");
    if (target == nullptr) return;
    std::string path = *target;
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    const auto parts = split(path, '/');
    const bool bad = path.find("//") != std::string::npos ||
                     std::ranges::any_of(parts, [](std::string_view p) { return p == ".."; });
    if (!path.starts_with('/') || path == "/" || bad)
      return error("target", "must be the absolute path of a folder other than /, without .., not \"" +
                                 printable(path, 80) + "\"");
    mount_.target = std::move(path);
  }

  void source() {
    if (mount_.type == Type::Tmpfs || mount_.type == Type::Command) return;
    if (settings_.find("type") == nullptr) return;
    const std::string_view hint = mount_.type == Type::S3fs  ? "source = \"s3://BUCKET/PREFIX\""
                                  : mount_.type == Type::Nfs ? "source = \"SERVER:/EXPORT\""
                                                             : "source = \"/FOLDER\"";
    const std::string* source = need("source", hint);
    if (source == nullptr) return;
    mount_.source = *source;
    if (mount_.type == Type::Bind && !source->starts_with('/'))
      error("source", "must be an absolute path, not \"" + printable(*source, 80) + "\"");
    const std::size_t export_at = source->find(":/");
    if (mount_.type == Type::Nfs && (export_at == std::string::npos || export_at == 0))
      error("source", "must be SERVER:/EXPORT, not \"" + printable(*source, 80) + "\"");
  }

  void s3fs() {
    S3Access& s3 = mount_.s3.emplace();
    if (!mount_.source.empty() || settings_.find("source") != nullptr) location(s3);
    if (const std::string* text = need("endpoint", "endpoint = \"HOST:PORT\"")) {
      Result<std::string> endpoint = parse_s3_endpoint(*text);
      if (endpoint)
        s3.endpoint = std::move(*endpoint);
      else
        error("endpoint", endpoint.error().message());
    }
    if (const std::string* key = need("access_key", "access_key = \"${ACCESS_KEY}\"")) {
      s3.access_key = *key;
      if (key->empty() || key->find_first_of(": \n\r\t") != std::string::npos)
        error("access_key", "must be the id of a key, without white space and colons");
    }
    settings_.read<std::string>("region", s3.region);
    s3.secret = "SECRET_KEY";
    settings_.read<std::string>("secret", s3.secret);
    if (std::ranges::find(secrets_, s3.secret) == secrets_.end())
      error("secret", "\"" + printable(s3.secret, 60) + "\" is not in secrets.names");
    settings_.read<Strings>("decryptor", s3.decryptor);
    settings_.read<bool>("preflight", s3.preflight);
    cache(s3);
  }

  void location(S3Access& s3) {
    const Setting* setting = settings_.find("source");
    if (setting == nullptr || setting->unresolved) return;
    Result<S3Location> location = parse_s3_location(mount_.source);
    if (!location) return error("source", location.error().message());
    mount_.source = location->text();
    s3.bucket = std::move(location->bucket);
    s3.prefix = std::move(location->prefix);
  }

  void cache(S3Access& s3) {
    settings_.read<std::string>("cache", s3.cache);
    settings_.read<std::uint64_t>("cache_limit", s3.cache_limit);
    const Setting* cache = settings_.find("cache");
    if (cache != nullptr && cache->unresolved) return;
    if (s3.cache_limit > 0 && s3.cache.empty()) error("cache_limit", "goes with cache only");
    if (s3.cache.empty()) return;
    if (!s3.cache.starts_with('/') || s3.cache == "/" || s3.cache.find(',') != std::string::npos)
      return error("cache", "must be the absolute path of a folder, without commas, not \"" +
                                printable(s3.cache, 80) + "\"");
    const std::string below = mount_.target + "/";
    if (!mount_.target.empty() && (s3.cache + "/").starts_with(below))
      error("cache", "must not lie on the mount itself");
  }

  void command() {
    std::vector<std::string>& argv = unit_.launch.argv;
    if (mount_.type == Type::S3fs) argv = s3fs_command(mount_);
    if (mount_.type == Type::Nfs) {
      argv = {"mount", "-t", "nfs"};
      Strings options = mount_.options;
      if (mount_.read_only) options.emplace_back("ro");
      if (!options.empty()) argv.insert(argv.end(), {"-o", join(options, ",")});
      argv.insert(argv.end(), {mount_.source, mount_.target});
    }
    if (mount_.type != Type::Command) return;
    if (const Strings* command = settings_.get<Strings>("command"))
      argv = *command;
    else
      missing("command", "command = [\"PROGRAM\", \"ARGUMENT\"]");
    if (mount_.read_only) error("read_only", "cannot be kept for a command: give it its own option");
  }

  /// The helper asks the mount itself; what the container sees of it is settled here.
  void probes() {
    unit_.ready = CheckPlan{MountProbe{}};
    unit_.ready->every = kReadyEvery;
    unit_.ready->timeout = kProbeTime;
    CheckPlan health{MountProbe{}};
    health.every = kHealthEvery;
    health.timeout = kProbeTime;
    health.initial_delay = kHealthEvery;
    settings_.read<Millis>("health.every", health.every);
    settings_.read<Millis>("health.timeout", health.timeout);
    settings_.read<Millis>("health.initial_delay", health.initial_delay);
    settings_.read<std::int64_t>("health.failures", health.failures);
    read_word(settings_, "health.on_unhealthy", {"mark", "restart"}, health.on_unhealthy);
    unit_.ready->timeout = health.timeout;
    unit_.health = health;
    if (!unit_.timeout) unit_.timeout = kFirstMount;
  }

  const UnitConfig& config_;
  const Settings& settings_;
  const Strings& secrets_;
  Unit& unit_;
  MountPlan& mount_ = unit_.mount.emplace();
  Diagnostics& diagnostics_;
};

}  // namespace

void plan_mount(const UnitConfig& config, const std::vector<std::string>& secrets, Unit& unit,
                Diagnostics& diagnostics) {
  MountPlanner(config, secrets, unit, diagnostics).plan();
}

}  // namespace bootsman
