#include "io/sim/files.h"

#include <algorithm>
#include <numeric>
#include <ranges>
#include <set>
#include <utility>

namespace veredus::sim {
namespace {

/// Without empty and "." parts and without a leading slash.
std::string normalise(std::string_view path) {
  std::string result;
  for (const auto part : std::views::split(path, '/')) {
    const std::string_view name(part.begin(), part.end());
    if (name.empty() || name == ".") continue;
    if (!result.empty()) result += '/';
    result += name;
  }
  return result;
}

/// The path's directory ("" for the root) and last name.
std::pair<std::string, std::string> split_last(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

std::unexpected<Error> cannot(std::string_view what, const std::string& path,
                              std::string_view cause) {
  return fail(Fault::unavailable,
              "cannot " + std::string(what) + " " + path + ": " + std::string(cause));
}

}  // namespace

struct SimFiles::Place {
  Directory& directory;
  std::string name;
};

class SimFiles::OpenFile final : public io::File {
 public:
  OpenFile(SimFiles& files, std::shared_ptr<Inode> inode, std::string path)
      : files_(files),
        inode_(std::move(inode)),
        path_(std::move(path)),
        generation_(files.generation_) {}

  Result<> write(std::string_view octets) override {
    if (generation_ != files_.generation_) return cannot("write", path_, "opened before a crash");
    const auto begun = files_.begin_call("write", path_);
    if (!begun) {
      inode_->octets += octets.substr(0, files_.random_.below(octets.size() + 1));
      return begun;
    }
    if (files_.faults_.octets_max != UINT64_MAX &&
        files_.octets_used() + octets.size() > files_.faults_.octets_max) {
      return fail(Fault::overloaded, "cannot write " + path_ + ": no space left on the device");
    }
    inode_->octets += octets;
    return {};
  }

  Result<> sync() override {
    if (generation_ != files_.generation_) return cannot("sync", path_, "opened before a crash");
    const auto begun = files_.begin_call("sync", path_);
    // Linux marks pages clean after a failed write-back: a later fsync says yes and lies.
    if (!begun) inode_->spoiled = true;
    if (!begun || inode_->spoiled) return begun;
    inode_->safe = inode_->octets.size();
    return {};
  }

  Result<> publish(const std::string& path) override {
    if (generation_ != files_.generation_) return cannot("publish", path_, "opened before a crash");
    return files_.rename(path_, path);
  }

 private:
  SimFiles& files_;
  std::shared_ptr<Inode> inode_;
  std::string path_;
  std::uint64_t generation_;
};

SimFiles::SimFiles(std::uint64_t seed, FileFaults faults) : random_(seed), faults_(faults) {
  directories_[""];
}

SimFiles::~SimFiles() = default;

Result<> SimFiles::begin_call(std::string_view what, const std::string& path) {
  const std::uint64_t call = calls_++;
  const bool unlucky = random_.chance(faults_.failure);
  if (!unlucky && fail_at_ != call) return {};
  ++failures_;
  return cannot(what, path, "input/output error");
}

Result<SimFiles::Place> SimFiles::locate(const std::string& path) {
  auto [parent, name] = split_last(normalise(path));
  const auto directory = directories_.find(parent);
  if (directory == directories_.end() || name.empty()) {
    return cannot("open", path, "no such directory");
  }
  return Place{directory->second, std::move(name)};
}

Result<std::unique_ptr<io::File>> SimFiles::create(const std::string& path) {
  if (auto begun = begin_call("create", path); !begun) return fail(begun.error());
  auto place = locate(path);
  if (!place) return fail(place.error());
  if (directories_.contains(normalise(path)) || place->directory.now.contains(place->name)) {
    return cannot("create", path, "it exists");
  }
  auto inode = std::make_shared<Inode>();
  place->directory.now[place->name] = inode;
  return std::make_unique<OpenFile>(*this, std::move(inode), path);
}

Result<std::unique_ptr<io::File>> SimFiles::create_draft(const std::string& path) {
  if (auto place = locate(path)) place->directory.now.erase(place->name);
  return create(path);
}

Result<> SimFiles::rename(const std::string& from, const std::string& to) {
  if (auto begun = begin_call("rename", from); !begun) return begun;
  auto source = locate(from);
  if (!source) return fail(source.error());
  auto target = locate(to);
  if (!target) return fail(target.error());
  const auto file = source->directory.now.find(source->name);
  if (file == source->directory.now.end()) return cannot("rename", from, "no such file");
  if (normalise(from) == normalise(to)) return {};
  auto inode = file->second;
  source->directory.now.erase(file);
  target->directory.now[target->name] = std::move(inode);
  return {};
}

Result<> SimFiles::remove(const std::string& path) {
  if (auto begun = begin_call("remove", path); !begun) return begun;
  auto place = locate(path);
  if (place) place->directory.now.erase(place->name);
  return {};
}

Result<> SimFiles::make_directories(const std::string& path) {
  if (auto begun = begin_call("create directory", path); !begun) return begun;
  std::string whole = normalise(path);
  while (!whole.empty()) {
    auto [parent, name] = split_last(whole);
    const auto existing = directories_.find(parent);
    if (existing != directories_.end() && existing->second.now.contains(name)) {
      return cannot("create directory", path, "a file has that name");
    }
    directories_[whole];
    whole = std::move(parent);
  }
  return {};
}

Result<> SimFiles::sync_directory(const std::string& path) {
  if (auto begun = begin_call("sync directory", path); !begun) return begun;
  const auto directory = directories_.find(normalise(path));
  if (directory == directories_.end()) return cannot("sync", path, "no such directory");
  directory->second.safe = directory->second.now;
  return {};
}

Result<std::vector<std::string>> SimFiles::list(const std::string& path) {
  if (auto begun = begin_call("list", path); !begun) return fail(begun.error());
  const std::string whole = normalise(path);
  const auto directory = directories_.find(whole);
  if (directory == directories_.end()) return cannot("list", path, "no such directory");
  std::set<std::string> names;
  for (const auto& entry : directory->second.now) names.insert(entry.first);
  for (const auto& other : directories_) {
    auto [parent, name] = split_last(other.first);
    if (parent == whole && !name.empty()) names.insert(std::move(name));
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<std::uint64_t> SimFiles::octets_below(const std::string& path) {
  if (auto begun = begin_call("list", path); !begun) return fail(begun.error());
  const std::string whole = normalise(path);
  std::uint64_t octets = 0;
  for (const auto& [name, directory] : directories_) {
    if (name != whole && !name.starts_with(whole + '/')) continue;
    for (const auto& [file, inode] : directory.now) octets += inode->octets.size();
  }
  return octets;
}

Result<std::string> SimFiles::read(const std::string& path) {
  if (auto begun = begin_call("read", path); !begun) return fail(begun.error());
  auto place = locate(path);
  if (!place) return fail(place.error());
  const auto file = place->directory.now.find(place->name);
  if (file == place->directory.now.end()) return cannot("read", path, "no such file");
  return file->second->octets;
}

void SimFiles::lose_unsynced() {
  ++generation_;
  for (auto& [path, directory] : directories_) lose_entries(directory);
  for (auto& [path, directory] : directories_) {
    for (auto& [name, inode] : directory.now) tear(*inode);
  }
}

/// Each name by itself: disks write directories in any order.
void SimFiles::lose_entries(Directory& directory) {
  Entries all = directory.now;
  all.insert(directory.safe.begin(), directory.safe.end());
  Entries left;
  for (const auto& [name, inode] : all) {
    const Entries& chosen = random_.chance(0.5) ? directory.now : directory.safe;
    if (const auto entry = chosen.find(name); entry != chosen.end()) left.insert(*entry);
  }
  directory.now = left;
  directory.safe = std::move(left);
}

/// What was not synced is there, not there, partly there, or zeros (allocated, never written).
void SimFiles::tear(Inode& inode) {
  if (inode.safe < inode.octets.size()) {
    const std::size_t unsafe = inode.octets.size() - inode.safe;
    const std::size_t kept = inode.safe + random_.below(unsafe + 1);
    switch (random_.below(4)) {
      case 0:
        break;
      case 1:
        inode.octets.resize(inode.safe);
        break;
      case 2:
        inode.octets.resize(kept);
        break;
      default:
        std::ranges::fill(inode.octets.begin() + static_cast<std::ptrdiff_t>(kept),
                          inode.octets.end(), '\0');
    }
  }
  inode.safe = inode.octets.size();
  inode.spoiled = false;
}

std::uint64_t SimFiles::octets_used() const {
  const auto of_directory = [](const Directory& directory) {
    return std::transform_reduce(
        directory.now.begin(), directory.now.end(), std::uint64_t{0}, std::plus{},
        [](const auto& entry) -> std::uint64_t { return entry.second->octets.size(); });
  };
  return std::transform_reduce(directories_.begin(), directories_.end(), std::uint64_t{0},
                               std::plus{},
                               [&](const auto& entry) { return of_directory(entry.second); });
}

}  // namespace veredus::sim
