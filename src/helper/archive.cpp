#include "helper/archive.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "helper/archive_reader.h"

namespace bootsman {
namespace {

Result<void> unpack_into(const ArchiveFile& archive, const std::string& folder) {
  const UniqueFd file(::open(archive.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  UniqueFd root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  char head[512] = {};
  const ssize_t length = file ? ::pread(file.get(), head, sizeof head, 0) : -1;
  if (length < 0 || !root) return fail(std::strerror(errno));
  ArchiveTree tree(std::move(root), archive.max_size, archive.owner);
  const std::string_view start(head, static_cast<std::size_t>(length));
  if (start.starts_with("PK\5\6")) return {};  // The end of a directory without entries.
  if (start.starts_with("PK\3\4")) return read_archive(file.get(), ArchiveKind::Zip, tree);
  if (start.starts_with("\x1f\x8b")) return read_archive(file.get(), ArchiveKind::GzippedTar, tree);
  if (start.size() == 512 && start.substr(257, 5) == "ustar")
    return read_archive(file.get(), ArchiveKind::Tar, tree);
  return fail("it is neither tar, tar.gz nor zip");
}

}  // namespace

Result<void> unpack_archive(const ArchiveFile& archive, const std::string& folder) {
  auto done = unpack_into(archive, folder);
  if (done) return done;
  return fail(Error(done.error()).within("cannot unpack " + printable(archive.path)));
}

}  // namespace bootsman
