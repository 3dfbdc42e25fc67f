// The domains, accounts and aliases that are kept in storage, and how they lie there.
//
//   Space::directory    "d" domain  -> record: created(1)
//                       "a" address -> record: see kept.cc
//                       "l" address -> record: target(1)*, created(2)

#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/task.h"
#include "mail/directory/account.h"
#include "storage/storage.h"

namespace veredus::directory {

struct Domain {
  WallTime created{};
};

struct Alias {
  std::vector<std::string> targets;  ///< Addresses.
  WallTime created{};
};

/// By name or address in lower case. Copies share the accounts.
struct Kept {
  std::map<std::string, Domain> domains;
  std::map<std::string, std::shared_ptr<const Account>> accounts;
  std::map<std::string, Alias> aliases;
};

/// All of it. Errors: unavailable; malformed (an entry of a newer version, named).
io::Task<Result<Kept>> load_kept(storage::Storage& storage);

/// A changed Kept together with the batch that makes the same change in storage.
class Draft {
 public:
  explicit Draft(Kept kept) : kept_(std::move(kept)) {}

  const Kept& kept() const noexcept { return kept_; }
  void put_domain(const std::string& name, Domain domain);
  void put_account(Account account);
  void put_alias(const std::string& address, Alias alias);
  void remove_domain(const std::string& name);
  void remove_account(const std::string& address);
  void remove_alias(const std::string& address);

  storage::Batch take_batch() { return std::move(batch_); }
  Kept take() && { return std::move(kept_); }

 private:
  Kept kept_;
  storage::Batch batch_;
};

/// The record of an account, and back. Errors: malformed.
std::string encode(const Account& account);
[[nodiscard]] Result<Account> decode_account(std::string_view address, std::string_view record);

}  // namespace veredus::directory
