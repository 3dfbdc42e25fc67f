// The domains, accounts and aliases there are now, and where they come from: commands change what
// is kept in storage; a file is read again when it changes. Another source (LDAP, SQL) is asked by
// look_up(), which may wait.

#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "io/system.h"
#include "mail/directory/accounts_file.h"
#include "mail/directory/kept.h"
#include "storage/storage.h"

namespace veredus::directory {

/// What the postmaster configures about accounts.
struct DirectoryConfig {
  std::string file = {};  ///< See accounts_file.h; empty: none.
};

/// From any thread, but for what says otherwise.
class Directory {
 public:
  /// How often the file is looked at.
  static constexpr std::chrono::seconds kLookEvery{5};

  /// Reads the file: blocks. `system` and `storage` outlive it. Errors: unavailable (naming the
  /// file), malformed.
  [[nodiscard]] static Result<std::unique_ptr<Directory>> open(const DirectoryConfig& config,
                                                               const io::System& system,
                                                               storage::Storage& storage);
  /// The same for a check alone.
  [[nodiscard]] static Result<Accounts> read(const std::string& file);

  /// Who has a say: whether what would be kept is sound (no alias leads to itself, ...), and what
  /// happens when it, or the file, has changed. On the first reactor. Once, before load().
  struct Hooks {
    std::function<Result<>(const Kept& kept, const Accounts& declared)> check;
    std::function<void()> changed;
    /// Whether the configuration names a domain (in lower case) as ours.
    std::function<bool(const std::string& domain)> is_configured;
  };
  void connect(Hooks hooks) { hooks_ = std::move(hooks); }
  /// Reads what is kept. On the first reactor. Errors: as load_kept().
  io::Task<Result<>> load();

  /// The account of an address in lower case. One that the file declares hides one that is kept.
  std::optional<Account> find(const std::string& address) const;
  /// As find(), for who may have to wait for it.
  io::Task<Result<std::optional<Account>>> look_up(std::string address) const;
  /// See Hooks. On the first reactor.
  bool is_configured(const std::string& domain) const {
    return hooks_.is_configured && hooks_.is_configured(domain);
  }
  std::shared_ptr<const Kept> kept() const { return kept_.load(); }
  std::shared_ptr<const Accounts> declared() const { return declared_.load(); }

  /// Makes the edit to a draft, commits it, and has it take effect; one at a time. On the first
  /// reactor. Errors: those of `edit` and of Hooks::check, of storage; then nothing has changed.
  using Edit = std::function<Result<>(Draft&)>;
  io::Task<Result<>> change(Edit edit);

  /// Looks at the file until the reactor ends. One that cannot be read changes nothing:
  /// `accounts_not_read` in the log, once for each change. On the first reactor.
  static io::Task<> watch(Directory& directory);
  /// From now on this file. On the first reactor. Errors: as open(); then nothing changes.
  io::Task<Result<>> replace(DirectoryConfig config);

 private:
  Directory(std::string file, const io::System& system, storage::Storage& storage)
      : file_(std::move(file)),
        system_(system),
        storage_(storage),
        kept_(std::make_shared<const Kept>()),
        declared_(std::make_shared<const Accounts>()) {}

  static std::string mark_of(const std::string& file);
  io::Task<> look();
  Result<> declare(Accounts accounts);

  std::string file_;
  const io::System system_;
  storage::Storage& storage_;
  Hooks hooks_;
  std::string mark_;  ///< Tells one state of the file from another.
  bool is_changing_ = false;
  std::atomic<std::shared_ptr<const Kept>> kept_;
  std::atomic<std::shared_ptr<const Accounts>> declared_;
};

}  // namespace veredus::directory
