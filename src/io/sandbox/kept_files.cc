#include "io/sandbox/kept_files.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include "io/socket_address.h"

namespace veredus::io {
namespace {

/// Changes when the file does; empty when it cannot be looked at.
std::string version_of(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return "";
  return std::to_string(found.st_mtim.tv_sec) + '.' + std::to_string(found.st_mtim.tv_nsec) + '/' +
         std::to_string(found.st_size) + '/' + std::to_string(found.st_ino);
}

Result<std::string> read_now(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) return fail(Fault::unavailable, system_text(errno));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// access() would not ask Landlock.
bool is_permitted(const std::string& path) {
  return OwnedDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)).is_open() || errno != EACCES;
}

}  // namespace

void KeptFiles::keep(const std::string& path) {
  auto octets = read_now(path);
  if (octets) files_.insert_or_assign(path, Kept{std::move(*octets), version_of(path)});
}

Result<std::string> KeptFiles::read(const std::string& path, const std::string& reader) const {
  auto octets = read_now(path);
  if (octets || is_permitted(path)) return octets;
  const auto kept = files_.find(path);
  const std::string version = version_of(path);
  if (kept != files_.end() && (version.empty() || version == kept->second.version))
    return kept->second.octets;
  return fail(Fault::unavailable,
              octets.error().text() + "; to permit it, " + how_to_permit(path, reader));
}

std::vector<std::string> KeptFiles::unreadable() const {
  std::vector<std::string> paths;
  for (const auto& [path, kept] : files_)
    if (!is_permitted(path)) paths.push_back(path);
  return paths;
}

std::string how_to_permit(const std::string& path, const std::string& user) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return "type: setfacl -m u:" + user + ":r " + path + " (and setfacl -m u:" + user + ":x " +
         folder + " if its folder is closed too), or restart the server after each change";
}

}  // namespace veredus::io
