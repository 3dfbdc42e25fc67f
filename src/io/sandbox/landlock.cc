#include "io/sandbox/landlock.h"

#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io/socket_address.h"

namespace veredus::io {
namespace {

// What the headers of an older kernel lack; the numbers are the kernel's interface.
constexpr std::uint64_t kTruncate = 1ULL << 14;       // ABI 3
constexpr std::uint64_t kDeviceControl = 1ULL << 15;  // ABI 5
constexpr std::uint64_t kScopeAbstractSockets = 1ULL << 0;
constexpr std::uint64_t kScopeSignals = 1ULL << 1;

constexpr int kVersionLeast = 2;
constexpr int kVersionTruncate = 3;
constexpr int kVersionDeviceControl = 5;
constexpr int kVersionScopes = 6;

/// landlock_ruleset_attr as of ABI 6; an older kernel takes the part that it knows.
struct Ruleset {
  std::uint64_t files;
  std::uint64_t network;
  std::uint64_t scopes;
};

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kExecute = kRead | LANDLOCK_ACCESS_FS_EXECUTE;
constexpr std::uint64_t kSockets = LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE;
constexpr std::uint64_t kWrite = kRead | kSockets | kTruncate | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                 LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                 LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER;
constexpr std::uint64_t kNever = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;
/// Rights that a rule for a file may name; all others are of folders.
constexpr std::uint64_t kOfFiles = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                   LANDLOCK_ACCESS_FS_READ_FILE | kTruncate | kDeviceControl;

std::uint64_t all_rights(int version) {
  std::uint64_t rights = kExecute | kWrite | kNever | kDeviceControl;
  if (version < kVersionTruncate) rights &= ~kTruncate;
  if (version < kVersionDeviceControl) rights &= ~kDeviceControl;
  return rights;
}

std::unexpected<Error> failed(const std::string& what) {
  return fail(Fault::unavailable, what + ": " + system_text(errno));
}

Result<> allow(const OwnedDescriptor& ruleset, const std::string& path, std::uint64_t rights) {
  const OwnedDescriptor parent(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat found{};
  // What cannot be reached now could not be used later either.
  if (!parent.is_open() || ::fstat(parent.get(), &found) != 0) return {};
  if (!S_ISDIR(found.st_mode)) rights &= kOfFiles;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = parent.get();
  if (::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
    return failed("Landlock does not take a rule for " + path);
  return {};
}

Result<> allow_all(const OwnedDescriptor& ruleset, const std::vector<std::string>& paths,
                   std::uint64_t rights) {
  for (const std::string& path : paths) {
    const Result<> allowed = allow(ruleset, path, rights);
    if (!allowed) return fail(allowed.error());
  }
  return {};
}

}  // namespace

Result<int> landlock_version() {
  const long version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 0 && errno == EOPNOTSUPP)
    return fail(Fault::unavailable,
                "this kernel has Landlock switched off; lsm= on its command line lacks landlock");
  if (version < 0)
    return fail(Fault::unavailable, "this kernel has no Landlock (" + system_text(errno) + ")");
  if (version < kVersionLeast)
    return fail(Fault::unavailable,
                "this kernel's Landlock is too old (ABI " + std::to_string(version) +
                    "): it forbids moving files between folders; Linux 5.19 has a newer one");
  return static_cast<int>(version);
}

Result<int> restrict_files(const FileRules& rules) {
  const auto version = landlock_version();
  if (!version) return version;
  const std::uint64_t rights = all_rights(*version);
  const bool has_scopes = *version >= kVersionScopes;
  const Ruleset wanted{rights, 0, has_scopes ? kScopeAbstractSockets | kScopeSignals : 0};
  const OwnedDescriptor ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &wanted,
                                 has_scopes ? sizeof(wanted) : sizeof(wanted.files), 0)));
  if (!ruleset.is_open()) return failed("Landlock does not take our rules");
  Result<> allowed = allow_all(ruleset, rules.read, kRead & rights);
  if (allowed) allowed = allow_all(ruleset, rules.write, kWrite & rights);
  if (allowed) allowed = allow_all(ruleset, rules.sockets, kSockets);
  if (allowed) allowed = allow_all(ruleset, rules.execute, kExecute);
  if (!allowed) return fail(allowed.error());
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
    return failed("Landlock cannot be applied");
  return version;
}

}  // namespace veredus::io
