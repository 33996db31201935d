#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/text.h"
#include "helper/archive.h"

// Whatever is unpacked, it lies in the folder: nothing appears beside it, no link in it leads out,
// no mode gives rights to others, and it is no larger than allowed. After an even first byte comes
// an archive as it is; after an odd one lines "TYPE NAME|LINK", of which a tar is made.

namespace {

namespace fs = std::filesystem;
using namespace bootsman;

constexpr std::uint64_t kMaxSize = 1U << 20;
constexpr std::size_t kBlock = 512;

void put(std::string& block, std::size_t at, std::size_t length, std::string_view text) {
  block.replace(at, std::min(length, text.size()), text.substr(0, length));
}

std::string header(char type, std::string_view name, std::string_view link, std::size_t size) {
  std::string block(kBlock, '\0');
  std::array<char, 16> number;
  put(block, 0, 100, name);
  put(block, 100, 8, "0006777");
  std::snprintf(number.data(), number.size(), "%011zo", size);
  put(block, 124, 12, number.data());
  put(block, 148, 8, "        ");
  block[156] = type;
  put(block, 157, 100, link);
  put(block, 257, 8, std::string_view("ustar\00000", 8));
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  std::snprintf(number.data(), number.size(), "%06o", sum);
  put(block, 148, 7, std::string_view(number.data(), 7));
  return block;
}

/// Long names, pax headers and contents are the link's text.
std::string tar_of(std::string_view lines) {
  std::string tar;
  for (const std::string_view line : split(lines, '\n')) {
    if (line.empty()) continue;
    const std::string_view rest = line.substr(1);
    const auto bar = rest.find('|');
    const std::string_view link = bar == std::string_view::npos ? "" : rest.substr(bar + 1);
    const bool linked = line[0] >= '1' && line[0] <= '6';
    tar += header(line[0], rest.substr(0, bar), link, linked ? 0 : link.size());
    if (linked) continue;
    tar += link;
    tar.resize((tar.size() + kBlock - 1) / kBlock * kBlock, '\0');
  }
  return tar + std::string(2 * kBlock, '\0');
}

void judge(const fs::path& folder) {
  std::uint64_t size = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    std::error_code unresolved;
    if (entry.is_symlink()) {
      const fs::path end = fs::weakly_canonical(entry.path(), unresolved);
      const auto [out, rest] = std::mismatch(folder.begin(), folder.end(), end.begin(), end.end());
      if (!unresolved && out != folder.end()) __builtin_trap();
      continue;
    }
    if ((entry.status().permissions() & fs::perms(07022)) != fs::perms::none) __builtin_trap();
    if (!entry.is_regular_file() && !entry.is_directory()) __builtin_trap();
    if (entry.is_regular_file() && entry.hard_link_count() == 1) size += entry.file_size();
  }
  if (size > kMaxSize) __builtin_trap();
}

struct Place {
  Place() {
    std::string name = (fs::temp_directory_path() / "archive-fuzz-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    folder = fs::canonical(name);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { fs::remove_all(folder); }
  fs::path folder;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Place place;
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string bytes = data[0] % 2 == 0 ? std::string(rest) : tar_of(rest);
  static const int archive = ::memfd_create("archive", MFD_CLOEXEC);
  if (::ftruncate(archive, 0) != 0 ||
      ::pwrite(archive, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    std::abort();
  const fs::path out = place.folder / "out";
  fs::create_directory(out);
  (void)unpack_archive({.path = "/proc/self/fd/" + std::to_string(archive), .max_size = kMaxSize},
                       out.string());
  judge(out);
  fs::remove_all(out);
  if (!fs::is_empty(place.folder)) __builtin_trap();
  return 0;
}
