// A file system in memory that forgets at a crash what POSIX lets it forget.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/files.h"
#include "io/sim/faults.h"
#include "io/sim/random.h"

namespace veredus::sim {

/// As hard as POSIX allows: what was written is safe after File::sync(), a creation, rename or
/// removal after sync_directory(); at a crash each thing not made safe survives, is lost or (data)
/// is torn, as the seed decides. Even a rename may lose both names.
///
/// Paths are taken apart at '/'; "a", "/a" and "./a" are the same. Not thread-safe.
class SimFiles final : public io::Files {
 public:
  SimFiles(std::uint64_t seed, FileFaults faults);
  ~SimFiles() override;

  Result<std::unique_ptr<io::File>> create(const std::string& path) override;
  /// With its name from the start: what a crash leaves of it is what may lie in wait.
  Result<std::unique_ptr<io::File>> create_draft(const std::string& path) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> remove(const std::string& path) override;
  Result<> make_directories(const std::string& path) override;
  Result<> sync_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<std::string> read(const std::string& path) override;
  Result<std::uint64_t> octets_below(const std::string& path) override;

  /// Power cut: what was not made safe may be gone. Open files can no longer be used.
  void lose_unsynced();

  /// The `nth` call from now (0: the next one) fails with unavailable; a failing write may leave a
  /// part of its octets, a failing sync leaves the data unsafe for good.
  void fail_call(std::uint64_t nth) { fail_at_ = calls_ + nth; }
  /// Calls so far, those on open files included.
  std::uint64_t calls() const noexcept { return calls_; }
  /// How many calls were made to fail.
  std::uint64_t failures() const noexcept { return failures_; }
  void set_faults(FileFaults faults) noexcept { faults_ = faults; }

 private:
  struct Inode {
    std::string octets;
    std::size_t safe = 0;  ///< The first `safe` octets survive a crash.
    bool spoiled = false;  ///< A sync failed: the rest never becomes safe.
  };
  using Entries = std::map<std::string, std::shared_ptr<Inode>>;
  struct Directory {
    Entries now;
    Entries safe;
  };
  class OpenFile;
  struct Place;  // a directory and a name in it

  Result<> begin_call(std::string_view what, const std::string& path);
  Result<Place> locate(const std::string& path);
  std::uint64_t octets_used() const;
  void lose_entries(Directory& directory);
  void tear(Inode& inode);

  SeededRandom random_;
  FileFaults faults_;
  std::map<std::string, Directory> directories_;  // by normalised path; "" is the root
  std::uint64_t generation_ = 0;                  // grows at each crash: older open files are dead
  std::uint64_t calls_ = 0;
  std::uint64_t failures_ = 0;
  std::optional<std::uint64_t> fail_at_;
};

}  // namespace veredus::sim
