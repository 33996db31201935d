#include <algorithm>

#include "base/text.h"
#include "steps/accounts_text.h"
#include "steps/catalog.h"
#include "steps/path_pattern.h"
#include "steps/sha256.h"

// The step files: what an image's author wants to be somewhere.

namespace bootsman {
namespace {

constexpr std::string_view kFreshEnd = ".bootsman-new";

std::string folder_above(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

struct Address {
  std::string url;
  std::string fragment;
};

Address split_fragment(const std::string& url) {
  const auto hash = url.find('#');
  if (hash == std::string::npos) return {url, ""};
  return {url.substr(0, hash), url.substr(hash + 1)};
}

/// For people: without a user, a password or a query, in which keys may stand.
std::string shown(std::string_view url) {
  const auto scheme = url.find("://");
  const auto host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const auto at = url.substr(host).substr(0, url.substr(host).find('/')).rfind('@');
  const auto rest = at == std::string_view::npos ? url.substr(host) : url.substr(host + at + 1);
  return std::string(url.substr(0, host)) + printable(rest.substr(0, rest.find('?')));
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

class FilesWork {
 public:
  FilesWork(const Value& settings, const StepFacts& facts) : settings_(settings), facts_(facts) {}

  Result<void> read_limits() {
    auto limit = parse_duration(settings_.get_string("time_limit"));
    if (!limit) return fail(std::move(limit).error().within("time_limit"));
    time_limit_ = *limit;
    auto size = parse_size(settings_.get_string("max_size"));
    if (!size) return fail(std::move(size).error().within("max_size"));
    max_size_ = *size;
    size = parse_size(settings_.get_string("max_unpacked"));
    if (!size) return fail(std::move(size).error().within("max_unpacked"));
    max_unpacked_ = *size;
    for (const auto& [path, text] : string_pairs(settings_, "modes")) {
      std::uint32_t mode = 0;
      for (const char c : text) {
        if (c < '0' || c > '7' || mode > 0777 || text.size() > 4)
          return fail("cannot use the mode \"" + printable(text, 20) + "\" of " + path +
                      ": write an octal number such as \"0755\"");
        mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
      }
      modes_[path] = mode;
    }
    return {};
  }

  Result<void> each(const char* key, Result<void> (FilesWork::*want)(const std::string& path,
                                                                     const std::string& value)) {
    for (const auto& [target, value] : string_pairs(settings_, key)) {
      auto paths = expand_target(facts_, target);
      if (!paths) return fail(std::move(paths).error());
      if (paths->empty()) work_.notes.push_back("nothing here matches " + target);
      target_ = target;
      for (const std::string& path : *paths)
        if (auto done = (this->*want)(path, value); !done) return done;
    }
    return {};
  }

  Result<void> want_text(const std::string& path, const std::string& text) {
    if (!may_replace(path, sha256_hex(text))) return {};
    WriteFile write{.path = path, .content = text};
    write.mode = mode_of(path);
    write.owner = owner_of_new(path);
    want_folder(path);
    work_.changes.push_back(std::move(write));
    return {};
  }

  Result<void> want_copy(const std::string& path, const std::string& source) {
    const PathFact fact = facts_.files->follow(source);
    if (fact.kind == PathFact::Kind::Directory) {
      const auto program = find_program(facts_, "cp");
      if (!program) return fail("cannot copy " + source + ": cp is not in PATH");
      return want_filled(path, {{.argv = {*program, "-a", "--", source, fresh(path)},
                                 .input = "",
                                 .timeout = time_limit_},
                                "copy " + source + " to " + path});
    }
    auto text = facts_.files->read(source);
    if (!text) {
      work_.warnings.push_back("cannot copy to " + path + ": " + text.error().message());
      return {};
    }
    if (!modes_.contains(target_) && !modes_.contains(path)) modes_[path] = fact.mode;
    return want_text(path, *text);
  }

  Result<void> want_download(const std::string& path, const std::string& value) {
    auto file = web_file(value);
    if (!file) return fail(std::move(file).error());
    if (!may_replace(path, file->sha256)) return {};
    want_folder(path);
    FetchFile fetch{.from = std::move(*file), .path = path};
    fetch.mode = mode_of(path);
    fetch.owner = owner_of_new(path);
    fetch.go_on = true;
    fetch.memory = facts_.state_folder + "/fetched";
    work_.changes.push_back(std::move(fetch));
    return {};
  }

  Result<void> want_clone(const std::string& path, const std::string& value) {
    const auto git = find_program(facts_, "git");
    if (!git) return fail("cannot clone " + shown(value) + ": git is not in PATH");
    const Address address = split_fragment(value);
    static constexpr std::string_view kSchemes[] = {"https://", "ssh://", "file://", "/"};
    const bool known = std::ranges::any_of(
        kSchemes, [&](std::string_view scheme) { return address.url.starts_with(scheme); });
    const bool plain = address.url.starts_with("http://") && insecure();
    if ((!known && !plain) || address.fragment.starts_with('-'))
      return fail("cannot clone " + shown(address.url) +
                  ": write https://, ssh:// or an absolute path, and a branch or tag after a #");
    CommandLine command{.argv = {*git, "clone", "--quiet"}, .input = "", .timeout = time_limit_};
    if (!address.fragment.empty()) {
      command.argv.push_back("--branch");
      command.argv.push_back(address.fragment);
    }
    for (const std::string& word : {std::string("--"), address.url, fresh(path)})
      command.argv.push_back(word);
    // Nobody is there to type a password.
    command.env = {{"GIT_TERMINAL_PROMPT", "0"}, {"GIT_SSH_COMMAND", "ssh -o BatchMode=yes"}};
    return want_filled(path, {std::move(command), "clone " + shown(address.url)});
  }

  Result<void> want_unpacked(const std::string& path, const std::string& value) {
    ArchiveFile archive{.path = value, .max_size = max_unpacked_};
    if (!value.starts_with('/')) {
      auto file = web_file(value);
      if (!file) return fail(std::move(file).error());
      archive.path = fresh(path) + ".archive";
      archive.from = std::move(*file);
    }
    archive.owner = owner_of_new(path);
    return want_filled(path, {{}, "unpack " + shown(split_fragment(value).url) + " to " + path},
                       std::move(archive));
  }

  StepWork finish() && {
    if (insecure() && asks_server_)
      work_.warnings.push_back(
          "insecure = true: servers are not checked, so anybody on the way can change what comes");
    return std::move(work_);
  }

 private:
  bool insecure() const { return settings_.get_bool("insecure", false); }

  Result<WebFile> web_file(const std::string& value) {
    const Address address = split_fragment(value);
    WebFile file{.url = address.url};
    if (address.fragment.starts_with("sha256=")) file.sha256 = address.fragment.substr(7);
    const bool good = is_sha256(file.sha256) ||
                      (address.fragment.empty() && settings_.get_bool("allow_unverified", false));
    if (!good)
      return fail("cannot fetch " + shown(address.url) +
                  ": write its SHA-256 after it, as in …#sha256=0123…, 64 digits, or set "
                  "allow_unverified = true");
    file.insecure = insecure();
    file.ca_file = settings_.get_string("ca_file");
    file.max_size = max_size_;
    file.timeout = time_limit_;
    asks_server_ = true;
    return file;
  }

  /// In somebody's home, what its user changed is the user's.
  bool may_replace(const std::string& path, const std::string& wanted_hash) {
    const auto hash = hash_target(*facts_.files, path);
    if (!hash || settings_.get_bool("overwrite", false) || *hash == wanted_hash) return true;
    if (!home_owner(facts_, path)) return true;
    if (facts_.recorded(path) == *hash) return true;
    work_.notes.push_back("kept " + path + ", which its user has changed; overwrite = true " +
                          "replaces it");
    return false;
  }

  std::optional<std::uint32_t> mode_of(const std::string& path) const {
    for (const std::string& name : {target_, path})
      if (const auto found = modes_.find(name); found != modes_.end()) return found->second;
    return std::nullopt;
  }

  std::optional<FileOwner> owner_of_new(const std::string& path) const {
    if (!facts_.is_root || facts_.files->follow(path).kind != PathFact::Kind::Missing) return {};
    const auto account = home_owner(facts_, path);
    return account ? std::optional(FileOwner{account->uid, account->gid}) : std::nullopt;
  }

  void want_folder(const std::string& path) {
    const std::string folder = folder_above(path);
    if (facts_.files->follow(folder).kind != PathFact::Kind::Directory)
      work_.changes.push_back(MakeDirectory{folder});
  }

  static std::string fresh(const std::string& path) {
    return folder_above(path) + "/." + path.substr(path.rfind('/') + 1) + std::string(kFreshEnd);
  }

  Result<void> want_filled(const std::string& path, RunCommand make,
                           std::optional<ArchiveFile> archive = std::nullopt) {
    const bool there = facts_.files->follow(path).kind != PathFact::Kind::Missing;
    if (there && !facts_.files->list(path).empty()) return {};
    want_folder(path);
    work_.changes.push_back(FillFolder{path, fresh(path), std::move(make), std::move(archive)});
    return {};
  }

  const Value& settings_;
  const StepFacts& facts_;
  StepWork work_;
  std::map<std::string, std::uint32_t> modes_;
  std::string target_;
  Millis time_limit_{0};
  std::uint64_t max_size_ = 0;
  std::uint64_t max_unpacked_ = 0;
  bool asks_server_ = false;
};

}  // namespace

Result<StepWork> plan_files(const Value& settings, const StepFacts& facts) {
  FilesWork files(settings, facts);
  if (auto limits = files.read_limits(); !limits) return fail(std::move(limits).error());
  struct Kind {
    const char* key;
    Result<void> (FilesWork::*want)(const std::string& path, const std::string& value);
  };
  bool any = false;
  for (const Kind& kind : {Kind{"write", &FilesWork::want_text},
                           {"copy", &FilesWork::want_copy},
                           {"download", &FilesWork::want_download},
                           {"unpack", &FilesWork::want_unpacked},
                           {"clone", &FilesWork::want_clone}}) {
    any = any || !string_pairs(settings, kind.key).empty();
    if (auto done = files.each(kind.key, kind.want); !done) return fail(std::move(done).error());
  }
  if (!any) return StepWork::skip_unused("nothing is set");
  return std::move(files).finish();
}

}  // namespace bootsman
