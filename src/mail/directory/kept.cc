#include "mail/directory/kept.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/tlv.h"

namespace veredus::directory {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kPage = 1000;

constexpr char kDomain = 'd';
constexpr char kAccount = 'a';
constexpr char kAlias = 'l';

// The tags are on disk: never change or reuse one.
enum DomainTag : std::uint8_t { kDomainCreated = 1 };
enum AliasTag : std::uint8_t { kTarget = 1, kAliasCreated = 2 };
enum AccountTag : std::uint8_t {
  kDisabled = 1,
  kQuota = 2,
  kSendAs = 3,
  kPerHour = 4,
  kPerDay = 5,
  kCredential = 6,
  kAccountCreated = 7,
};
enum CredentialTag : std::uint8_t {
  kName = 1,
  kArgon2id = 2,
  kScramSha256 = 3,
  kScramSha1 = 4,
  kProtocol = 5,  ///< Its number plus one.
  kCredentialCreated = 6,
};

std::uint64_t seconds(WallTime time) {
  const auto count = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  return count < 0 ? 0 : static_cast<std::uint64_t>(count);
}
WallTime time_of(std::string_view value) {
  constexpr std::uint64_t kMost = 1ULL << 33;  // Year 2242: far enough, and no overflow.
  return WallTime(std::chrono::seconds(std::min(number_of(value).value_or(0), kMost)));
}

/// Calls `take` with each field. False when the record is none.
template <class Take>
bool read_fields(std::string_view octets, Take take) {
  Cursor in(octets);
  while (!in.done()) {
    const auto field = take_field(in);
    if (!field) return false;
    take(*field);
  }
  return true;
}

std::string encode(const Credential& credential) {
  std::string octets;
  FieldWriter out(octets);
  out.text(kName, credential.name);
  out.text(kArgon2id, credential.argon2id);
  out.text(kScramSha256, credential.scram_sha_256);
  out.text(kScramSha1, credential.scram_sha_1);
  for (const Protocol protocol : credential.protocols)
    out.number(kProtocol, std::to_underlying(protocol) + 1ULL);
  out.number(kCredentialCreated, seconds(credential.created));
  return octets;
}

bool decode(std::string_view octets, Credential& credential) {
  return read_fields(octets, [&](const Field& field) {
    if (field.tag == kName) credential.name = field.value;
    if (field.tag == kArgon2id) credential.argon2id = field.value;
    if (field.tag == kScramSha256) credential.scram_sha_256 = field.value;
    if (field.tag == kScramSha1) credential.scram_sha_1 = field.value;
    if (field.tag == kCredentialCreated) credential.created = time_of(field.value);
    if (field.tag == kProtocol)
      credential.protocols.push_back(
          static_cast<Protocol>((number_of(field.value).value_or(1) - 1) & 0xff));
  });
}

std::string encode(const Domain& domain) {
  std::string record(1, kVersion);
  FieldWriter(record).number(kDomainCreated, seconds(domain.created));
  return record;
}

std::string encode(const Alias& alias) {
  std::string record(1, kVersion);
  FieldWriter out(record);
  for (const std::string& target : alias.targets) out.text(kTarget, target);
  out.number(kAliasCreated, seconds(alias.created));
  return record;
}

/// Takes one entry in. False when it is none, or of a newer version.
bool take(std::string_view key, std::string_view record, Kept& kept) {
  if (key.empty() || record.empty() || record.front() != kVersion) return false;
  const std::string name(key.substr(1));
  const std::string_view fields = record.substr(1);
  if (key.front() == kAccount) {
    auto account = decode_account(name, record);
    if (account) kept.accounts[name] = std::make_shared<const Account>(std::move(*account));
    return account.has_value();
  }
  if (key.front() == kDomain) {
    Domain& domain = kept.domains[name];
    return read_fields(fields, [&](const Field& field) {
      if (field.tag == kDomainCreated) domain.created = time_of(field.value);
    });
  }
  if (key.front() != kAlias) return false;
  Alias& alias = kept.aliases[name];
  return read_fields(fields, [&](const Field& field) {
    if (field.tag == kTarget) alias.targets.emplace_back(field.value);
    if (field.tag == kAliasCreated) alias.created = time_of(field.value);
  });
}

}  // namespace

std::string encode(const Account& account) {
  std::string record(1, kVersion);
  FieldWriter out(record);
  out.number(kDisabled, account.disabled ? 1 : 0);
  out.number(kQuota, account.quota_bytes);
  for (const std::string& pattern : account.send_as) out.text(kSendAs, pattern);
  out.number(kPerHour, account.recipients_per_hour);
  out.number(kPerDay, account.recipients_per_day);
  for (const Credential& credential : account.credentials)
    out.record(kCredential, encode(credential));
  out.number(kAccountCreated, seconds(account.created));
  return record;
}

Result<Account> decode_account(std::string_view address, std::string_view record) {
  Account account;
  account.address = address;
  bool good = !record.empty() && record.front() == kVersion;
  good = good && read_fields(record.substr(1), [&](const Field& field) {
           if (field.tag == kDisabled) account.disabled = true;
           if (field.tag == kQuota) account.quota_bytes = number_of(field.value).value_or(0);
           if (field.tag == kSendAs) account.send_as.emplace_back(field.value);
           if (field.tag == kPerHour)
             account.recipients_per_hour = number_of(field.value).value_or(0);
           if (field.tag == kPerDay)
             account.recipients_per_day = number_of(field.value).value_or(0);
           if (field.tag == kCredential)
             good = decode(field.value, account.credentials.emplace_back()) && good;
           if (field.tag == kAccountCreated) account.created = time_of(field.value);
         });
  if (!good) return fail(Fault::malformed, "not an account of this version");
  return account;
}

io::Task<Result<Kept>> load_kept(storage::Storage& storage) {
  Kept kept;
  for (std::string from;;) {
    auto page = co_await storage.scan(storage::Space::directory, from, kPage);
    if (!page) co_return fail(page.error());
    if (page->empty()) co_return kept;
    for (const storage::KeyValue& entry : *page)
      if (!take(entry.key, entry.value, kept))
        co_return fail(Fault::malformed, "the storage's entry of " + printable(entry.key) +
                                             " cannot be read: it was written by a newer version");
    from = page->back().key + '\0';
  }
}

void Draft::put_domain(const std::string& name, Domain domain) {
  batch_.put(storage::Space::directory, kDomain + name, Bytes(encode(domain)));
  kept_.domains[name] = domain;
}
void Draft::put_account(Account account) {
  batch_.put(storage::Space::directory, kAccount + account.address, Bytes(encode(account)));
  auto& place = kept_.accounts[account.address];
  place = std::make_shared<const Account>(std::move(account));
}
void Draft::put_alias(const std::string& address, Alias alias) {
  batch_.put(storage::Space::directory, kAlias + address, Bytes(encode(alias)));
  kept_.aliases[address] = std::move(alias);
}
void Draft::remove_domain(const std::string& name) {
  batch_.erase(storage::Space::directory, kDomain + name);
  kept_.domains.erase(name);
}
void Draft::remove_account(const std::string& address) {
  batch_.erase(storage::Space::directory, kAccount + address);
  kept_.accounts.erase(address);
}
void Draft::remove_alias(const std::string& address) {
  batch_.erase(storage::Space::directory, kAlias + address);
  kept_.aliases.erase(address);
}

}  // namespace veredus::directory
