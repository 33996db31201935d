#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "steps/facts.h"
#include "steps/work.h"

namespace bootsman {

/// How a path would change.
struct FileForecast {
  enum class Action : std::uint8_t { Write, MakeFolder, Link, Remove, Fetch, Run };
  Action action = Action::Write;
  std::string path = {};  ///< Of a command: what it is run for.
  std::string target =
      {};  ///< Of a link; the URL of a fetched file, as it is written; a command line.
  /// Whether everybody may read the file before and afterwards. Where not, nobody should see its
  /// text in a plan.
  bool open_to_all = true;
  std::string before = {};  ///< Text of the file; empty where there is none.
  std::string after = {};
  std::optional<std::uint32_t> mode = {};  ///< Where it changes.
};

/// The files as they would be after some changes, which are made nowhere. Layers of them show what
/// several steps would do one after the other.
class PlannedFiles : public FileView {
 public:
  /// Borrows what is below.
  explicit PlannedFiles(const FileView& below) : below_(below) {}

  /// Makes the change in this view, and returns what it means; nothing where all is as wanted.
  /// Content that a program would verify is taken to pass.
  std::optional<FileForecast> make(const Change& change);

  PathFact look(const std::string& path) const override;
  PathFact follow(const std::string& path) const override;
  Result<std::string> read(const std::string& path) const override;
  std::vector<std::string> list(const std::string& path) const override;

 private:
  struct Entry {
    PathFact fact;
    std::string text;
  };
  std::string resolve(std::string path) const;
  std::optional<FileForecast> forecast_of(const WriteFile& change);
  std::optional<FileForecast> forecast_of(const MakeDirectory& change);
  std::optional<FileForecast> forecast_of(const MakeLink& change);
  std::optional<FileForecast> forecast_of(const RemoveFile& change);
  std::optional<FileForecast> forecast_of(const RenameFile& change);
  std::optional<FileForecast> forecast_of(const RunCommand& change);
  std::optional<FileForecast> forecast_of(const FetchFile& change);
  std::optional<FileForecast> forecast_of(const FillFolder& change);

  const FileView& below_;
  std::map<std::string, Entry> entries_;
};

}  // namespace bootsman
