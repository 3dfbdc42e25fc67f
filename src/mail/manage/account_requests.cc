// Requests about accounts: account_add, account_list, account_show, account_set, account_remove,
// account_password, app_password_add, app_password_remove.

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/text.h"
#include "io/workers.h"
#include "mail/authenticate/password.h"
#include "mail/directory/accounts_file.h"
#include "mail/manage/directory_words.h"
#include "mail/manage/handlers.h"
#include "mail/manage/json_text.h"
#include "wire/sasl/prepare.h"

namespace veredus::manage {
namespace {

namespace json = boost::json;

using directory::Account;
using directory::Credential;
using directory::Draft;

json::array names_of(const std::vector<directory::Protocol>& protocols) {
  json::array names;
  for (const directory::Protocol protocol : protocols)
    names.emplace_back(directory::name(protocol));
  return names;
}

/// Never what is kept of a password.
json::object account_view(const Account& account, bool is_declared) {
  json::array passwords;
  for (const Credential& credential : account.credentials)
    passwords.push_back({{"name", credential.name},
                         {"for", names_of(credential.protocols)},
                         {"created", time_value(credential.created)}});
  return {{"account", account.address},
          {"source", is_declared ? "file" : "storage"},
          {"disabled", account.disabled},
          {"quota_bytes", account.quota_bytes},
          {"send_as", json::array(account.send_as.begin(), account.send_as.end())},
          {"recipients_per_hour", account.recipients_per_hour},
          {"recipients_per_day", account.recipients_per_day},
          {"passwords", std::move(passwords)},
          {"created", time_value(account.created)}};
}

/// A copy of the kept account. Errors: refused.
Result<Account> existing(const Asked& asked, const Draft& draft, const std::string& address) {
  if (asked.around.directory->declared()->contains(address))
    return fail(Fault::refused, address + " is declared in the accounts file: change it there");
  const auto found = draft.kept().accounts.find(address);
  if (found != draft.kept().accounts.end()) return *found->second;
  return fail(Fault::refused, address + " is no account");
}

/// Changes the kept account and answers with what it is then.
io::Task<Result<>> change_account(const Asked& asked, std::function<Result<>(Account&)> edit) {
  const auto address = parse_address(string_in(asked.request, "address"));
  if (!address) co_return fail(address.error());
  Account after;
  const auto change = [&](Draft& draft) -> Result<> {
    auto account = existing(asked, draft, *address);
    if (!account) return fail(account.error());
    const Result<> edited = edit(*account);
    if (!edited) return edited;
    after = *account;
    draft.put_account(std::move(*account));
    return {};
  };
  const Result<> done = co_await asked.around.directory->change(change);
  if (!done) co_return done;
  co_return co_await put(asked, account_view(after, false));
}

Result<std::vector<directory::Protocol>> protocols_in(const json::object& request) {
  std::vector<directory::Protocol> protocols;
  const json::value* given = request.if_contains("for");
  if (given == nullptr) return protocols;
  for (const json::value& name : given->as_array()) {
    const auto protocol = directory::parse_protocol(name.as_string());
    if (!protocol)
      return fail(Fault::malformed, printable(std::string_view(name.as_string())) +
                                        ": expected submission, imap or pop3");
    protocols.push_back(*protocol);
  }
  return protocols;
}

/// All that is kept of the request's password. It takes a while, so a worker does it.
io::Task<Result<Credential>> credential_in(const Asked& asked, std::string name) {
  auto protocols = protocols_in(asked.request);
  if (!protocols) co_return fail(protocols.error());
  const Secret password(string_in(asked.request, "password"));
  auto made = co_await io::run_blocking(*asked.around.workers, [&] {
    return authenticate::make_credential(password, std::move(name), std::move(*protocols));
  });
  if (made) made->created = asked.around.clock.wall();
  co_return made;
}

void replace_credential(Account& account, Credential credential) {
  std::erase_if(account.credentials,
                [&](const Credential& other) { return other.name == credential.name; });
  account.credentials.push_back(std::move(credential));
}

/// Sets `into` when the request has that number.
void take_number(const json::object& request, std::string_view name, std::uint64_t& into) {
  const json::value* given = request.if_contains(name);
  if (given != nullptr && given->is_number()) into = given->to_number<std::uint64_t>();
}

Result<> check_send_as(const std::string& pattern) {
  const auto good =
      pattern.starts_with('@') ? parse_domain(pattern.substr(1)) : parse_address(pattern);
  if (good) return {};
  return fail(Fault::malformed,
              printable(pattern) + ": expected an address, or @domain for all of a domain");
}

}  // namespace

io::Task<Result<>> account_add(const Asked& asked) {
  Account account;
  auto address = parse_address(string_in(asked.request, "address"));
  if (!address) co_return fail(address.error());
  account.address = std::move(*address);
  account.created = asked.around.clock.wall();
  take_number(asked.request, "quota_bytes", account.quota_bytes);
  if (asked.request.contains("password")) {
    auto credential = co_await credential_in(asked, "");
    if (!credential) co_return fail(credential.error());
    account.credentials.push_back(std::move(*credential));
  }
  const auto add = [&](Draft& draft) -> Result<> {
    if (const auto ours = check_domain(asked, draft.kept(), account.address); !ours) return ours;
    if (asked.around.directory->find(account.address))
      return fail(Fault::refused, account.address +
                                      " exists already: `veredus account password` changes its "
                                      "password");
    draft.put_account(account);
    return {};
  };
  const Result<> done = co_await asked.around.directory->change(add);
  if (!done) co_return done;
  co_return co_await put(asked, account_view(account, false));
}

io::Task<Result<>> account_list(const Asked& asked) {
  const directory::Directory& directory = *asked.around.directory;
  const std::string domain = ascii_lower(string_in(asked.request, "domain"));
  const auto is_wanted = [&](const std::string& address) {
    return domain.empty() || address.ends_with('@' + domain);
  };
  const auto declared = directory.declared();
  for (const auto& [address, account] : *declared) {
    if (!is_wanted(address)) continue;
    const Result<> written = co_await put(asked, account_view(account, true));
    if (!written) co_return written;
  }
  const auto kept = directory.kept();
  for (const auto& [address, account] : kept->accounts) {
    if (!is_wanted(address) || declared->contains(address)) continue;
    const Result<> written = co_await put(asked, account_view(*account, false));
    if (!written) co_return written;
  }
  co_return Result<>();
}

io::Task<Result<>> account_show(const Asked& asked) {
  const auto address = parse_address(string_in(asked.request, "address"));
  if (!address) co_return fail(address.error());
  const auto account = asked.around.directory->find(*address);
  if (!account) co_return fail(Fault::refused, *address + " is no account");
  const bool is_declared = asked.around.directory->declared()->contains(*address);
  co_return co_await put(asked, account_view(*account, is_declared));
}

io::Task<Result<>> account_set(const Asked& asked) {
  const json::object& request = asked.request;
  co_return co_await change_account(asked, [&](Account& account) -> Result<> {
    if (const json::value* disabled = request.if_contains("disabled"))
      account.disabled = disabled->is_bool() && disabled->get_bool();
    take_number(request, "quota_bytes", account.quota_bytes);
    take_number(request, "recipients_per_hour", account.recipients_per_hour);
    take_number(request, "recipients_per_day", account.recipients_per_day);
    const std::string added = ascii_lower(string_in(request, "send_as_add"));
    const std::string removed = ascii_lower(string_in(request, "send_as_remove"));
    if (!removed.empty() && std::erase(account.send_as, removed) == 0)
      return fail(Fault::refused, account.address + " had no leave to send as " + removed);
    if (added.empty()) return {};
    if (const Result<> good = check_send_as(added); !good) return good;
    std::erase(account.send_as, added);
    account.send_as.push_back(added);
    return {};
  });
}

io::Task<Result<>> account_remove(const Asked& asked) {
  const auto address = parse_address(string_in(asked.request, "address"));
  if (!address) co_return fail(address.error());
  const auto remove = [&](Draft& draft) -> Result<> {
    const auto account = existing(asked, draft, *address);
    if (!account) return fail(account.error());
    draft.remove_account(*address);
    return {};
  };
  const Result<> done = co_await asked.around.directory->change(remove);
  if (!done) co_return done;
  co_return co_await put(asked, {{"account", *address}});
}

io::Task<Result<>> account_password(const Asked& asked) {
  auto credential = co_await credential_in(asked, "");
  if (!credential) co_return fail(credential.error());
  co_return co_await change_account(asked, [&](Account& account) -> Result<> {
    replace_credential(account, *credential);
    return {};
  });
}

io::Task<Result<>> app_password_add(const Asked& asked) {
  const std::string name = string_in(asked.request, "name");
  if (name.empty() || name.size() > 64 || printable(name) != name || name.contains('/'))
    co_return fail(Fault::malformed,
                   "name: expected up to 64 characters that tell what the password is for, "
                   "without '/'");
  auto credential = co_await credential_in(asked, name);
  if (!credential) co_return fail(credential.error());
  co_return co_await change_account(asked, [&](Account& account) -> Result<> {
    if (std::ranges::find(account.credentials, name, &Credential::name) !=
        account.credentials.end())
      return fail(Fault::refused,
                  account.address + " has a password named " + name + " already: remove it first");
    account.credentials.push_back(*credential);
    return {};
  });
}

io::Task<Result<>> app_password_remove(const Asked& asked) {
  const std::string name = string_in(asked.request, "name");
  co_return co_await change_account(asked, [&](Account& account) -> Result<> {
    const auto gone = std::erase_if(account.credentials, [&](const Credential& credential) {
      return !name.empty() && credential.name == name;
    });
    if (gone > 0) return {};
    return fail(Fault::refused, account.address + " has no password named " + printable(name) +
                                    "; `veredus account show` lists them");
  });
}

}  // namespace veredus::manage
