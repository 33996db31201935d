#include "helper/archive_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace bootsman {
namespace {

constexpr std::uint32_t kEntriesMax = 1'000'000;
constexpr std::size_t kNameMax = 4096;

tl::unexpected<Error> cannot(std::string_view name, std::string_view why) {
  return fail("\"" + printable(name, 200) + "\" in it " + std::string(why));
}

tl::unexpected<Error> cannot_write(std::string_view name, int code) {
  return fail("cannot write \"" + printable(name, 200) + "\": " + std::strerror(code));
}

/// The parts of a name; an error where it may lead elsewhere.
Result<std::vector<std::string>> parts_of(std::string_view name) {
  if (name.starts_with('/')) return cannot(name, "has an absolute name");
  if (name.size() > kNameMax || name.find('\0') != std::string_view::npos)
    return cannot(name, "has no proper name");
  std::vector<std::string> parts;
  for (const std::string_view part : split(name, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return cannot(name, "leads upwards");
    parts.emplace_back(part);
  }
  return parts;
}

}  // namespace

Result<ArchiveTree::Place> ArchiveTree::place_of(std::string_view name, bool make) {
  auto parts = parts_of(name);
  if (!parts) return fail(std::move(parts).error());
  Place place{UniqueFd(::fcntl(root_.get(), F_DUPFD_CLOEXEC, 0)), "", 0};
  for (const std::string& part : *parts) {
    if (!place.name.empty()) {
      const bool made = make && ::mkdirat(place.folder.get(), place.name.c_str(), 0755) == 0;
      UniqueFd next(::openat(place.folder.get(), place.name.c_str(),
                             O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!next && (errno == ELOOP || errno == ENOTDIR))
        return cannot(name, "lies behind a link or a file of the archive");
      if (!next || (made && !own(next.get()))) return cannot_write(name, errno);
      place.folder = std::move(next);
      ++place.depth;
    }
    place.name = part;
  }
  if (!place.folder) return cannot_write(name, errno);
  return place;
}

Result<ArchiveTree::Place> ArchiveTree::new_place(std::string_view name) {
  if (++entries_ > kEntriesMax) return fail("it has too many entries");
  auto place = place_of(name, true);
  if (!place) return place;
  if (place->name.empty()) return cannot(name, "is no name of a file");
  (void)::unlinkat(place->folder.get(), place->name.c_str(), 0);
  return place;
}

bool ArchiveTree::own(int fd) const {
  return !owner_ || ::fchown(fd, owner_->uid, owner_->gid) == 0;
}

Result<void> ArchiveTree::add_folder(std::string_view name) {
  if (++entries_ > kEntriesMax) return fail("it has too many entries");
  // As if something were in it: then it is made, or found to be a folder.
  auto place = place_of(std::string(name) + "/x", true);
  if (!place) return fail(std::move(place).error());
  return {};
}

Result<UniqueFd> ArchiveTree::add_file(std::string_view name, bool executable) {
  auto place = new_place(name);
  if (!place) return fail(std::move(place).error());
  UniqueFd file(::openat(place->folder.get(), place->name.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file || ::fchmod(file.get(), executable ? 0755 : 0644) != 0 || !own(file.get()))
    return cannot_write(name, errno);
  return file;
}

Result<void> ArchiveTree::add_symlink(std::string_view name, const std::string& target) {
  auto place = new_place(name);
  if (!place) return fail(std::move(place).error());
  bool down = false;
  std::size_t ups = 0;
  for (const std::string_view part : split(target, '/')) {
    // After a name "..", too, may lead outside, since that name may be a link.
    if (part == ".." && (down || ++ups > place->depth))
      return cannot(name, "is a link that leads outside");
    down = down || (part != ".." && part != "." && !part.empty());
  }
  if (target.empty() || target.starts_with('/') || target.find('\0') != std::string::npos)
    return cannot(name, "is a link that leads outside");
  if (::symlinkat(target.c_str(), place->folder.get(), place->name.c_str()) != 0)
    return cannot_write(name, errno);
  return {};
}

Result<void> ArchiveTree::add_hard_link(std::string_view name, std::string_view target) {
  auto from = place_of(target, false);
  if (!from) return fail(std::move(from).error());
  struct stat st = {};
  if (from->name.empty() ||
      ::fstatat(from->folder.get(), from->name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0 ||
      !S_ISREG(st.st_mode))
    return cannot(name, "is a link to what is no file of the archive");
  auto place = new_place(name);
  if (!place) return fail(std::move(place).error());
  if (::linkat(from->folder.get(), from->name.c_str(), place->folder.get(), place->name.c_str(),
               0) != 0)
    return cannot_write(name, errno);
  return {};
}

Result<void> ArchiveTree::append(const UniqueFd& file, std::string_view bytes) {
  if (bytes.size() > left_) return fail("it holds more than max_unpacked allows");
  left_ -= bytes.size();
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(std::string("cannot write: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace bootsman
