// Requests about domains and aliases: domain_add, domain_list, domain_remove, alias_*.

#include <algorithm>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "mail/manage/directory_words.h"
#include "mail/manage/handlers.h"
#include "mail/manage/json_text.h"

namespace veredus::manage {
namespace {

namespace json = boost::json;

using directory::Draft;
using directory::Kept;

bool is_in(const std::string& address, const std::string& domain) {
  return address.ends_with('@' + domain);
}

Result<std::vector<std::string>> targets_in(const json::object& request) {
  std::vector<std::string> targets;
  const json::value* given = request.if_contains("targets");
  if (given == nullptr || !given->is_array() || given->get_array().empty())
    return fail(Fault::malformed, "targets: expected at least one address");
  for (const json::value& target : given->get_array()) {
    auto address = parse_address(target.is_string() ? std::string(target.get_string()) : "");
    if (!address) return fail(address.error());
    targets.push_back(std::move(*address));
  }
  return targets;
}

json::object alias_view(const std::string& address, const directory::Alias& alias) {
  return {{"alias", address},
          {"targets", json::array(alias.targets.begin(), alias.targets.end())},
          {"created", time_value(alias.created)}};
}

}  // namespace

io::Task<Result<>> domain_add(const Asked& asked) {
  const auto name = parse_domain(string_in(asked.request, "domain"));
  if (!name) co_return fail(name.error());
  const WallTime now = asked.around.clock.wall();
  const auto add = [&](Draft& draft) -> Result<> {
    if (draft.kept().domains.contains(*name) || asked.around.directory->is_configured(*name))
      return fail(Fault::refused, *name + " is one of our domains already");
    draft.put_domain(*name, {.created = now});
    return {};
  };
  const Result<> done = co_await asked.around.directory->change(add);
  if (!done) co_return done;
  co_return co_await put(asked, {{"domain", *name}});
}

io::Task<Result<>> domain_list(const Asked& asked) {
  const auto kept = asked.around.directory->kept();
  for (const auto& [name, domain] : kept->domains) {
    const auto here = [&ours = name](const auto& entry) { return is_in(entry.first, ours); };
    const Result<> written =
        co_await put(asked, {{"domain", name},
                             {"accounts", std::ranges::count_if(kept->accounts, here)},
                             {"aliases", std::ranges::count_if(kept->aliases, here)},
                             {"created", time_value(domain.created)}});
    if (!written) co_return written;
  }
  co_return Result<>();
}

io::Task<Result<>> domain_remove(const Asked& asked) {
  const auto name = parse_domain(string_in(asked.request, "domain"));
  if (!name) co_return fail(name.error());
  const auto remove = [&](Draft& draft) -> Result<> {
    if (!draft.kept().domains.contains(*name))
      return fail(Fault::refused, *name + (asked.around.directory->is_configured(*name)
                                               ? " is in the configuration: take it out there"
                                               : " is none of our domains"));
    const auto here = [&](const auto& entry) { return is_in(entry.first, *name); };
    const auto accounts = std::ranges::count_if(draft.kept().accounts, here);
    const auto aliases = std::ranges::count_if(draft.kept().aliases, here);
    if (accounts + aliases > 0)
      return fail(Fault::refused, *name + " still has accounts (" + std::to_string(accounts) +
                                      ") or aliases (" + std::to_string(aliases) +
                                      "): remove them first");
    draft.remove_domain(*name);
    return {};
  };
  const Result<> done = co_await asked.around.directory->change(remove);
  if (!done) co_return done;
  co_return co_await put(asked, {{"domain", *name}});
}

io::Task<Result<>> alias_add(const Asked& asked) {
  const auto address = parse_address(string_in(asked.request, "address"));
  if (!address) co_return fail(address.error());
  const auto targets = targets_in(asked.request);
  if (!targets) co_return fail(targets.error());
  const directory::Alias alias{*targets, asked.around.clock.wall()};
  const auto add = [&](Draft& draft) -> Result<> {
    if (const auto ours = check_domain(asked, draft.kept(), *address); !ours) return ours;
    draft.put_alias(*address, alias);
    return {};
  };
  const Result<> done = co_await asked.around.directory->change(add);
  if (!done) co_return done;
  co_return co_await put(asked, alias_view(*address, alias));
}

io::Task<Result<>> alias_list(const Asked& asked) {
  const auto kept = asked.around.directory->kept();
  for (const auto& [address, alias] : kept->aliases) {
    const Result<> written = co_await put(asked, alias_view(address, alias));
    if (!written) co_return written;
  }
  co_return Result<>();
}

io::Task<Result<>> alias_remove(const Asked& asked) {
  const auto address = parse_address(string_in(asked.request, "address"));
  if (!address) co_return fail(address.error());
  const auto remove = [&](Draft& draft) -> Result<> {
    if (!draft.kept().aliases.contains(*address))
      return fail(Fault::refused, *address + " is no alias that was added by command");
    draft.remove_alias(*address);
    return {};
  };
  const Result<> done = co_await asked.around.directory->change(remove);
  if (!done) co_return done;
  co_return co_await put(asked, {{"alias", *address}});
}

}  // namespace veredus::manage
