// `veredus account`.

#include <algorithm>
#include <iostream>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "base/amount.h"
#include "base/text.h"
#include "mail/authenticate/password.h"
#include "mail/directory/accounts_file.h"
#include "mail/manage/words.h"
#include "main/commands/command.h"
#include "main/commands/directory_options.h"
#include "main/commands/password_input.h"
#include "main/commands/queue_text.h"

namespace veredus::commands {
namespace {

namespace json = boost::json;

struct AccountOptions {
  QueueOptions common;
  std::string address;
  std::string name;  ///< Of an app password; a pattern; a size.
  std::string text;  ///< What else the command takes.
  bool generate = false;
  bool no_password = false;
  bool remove = false;
  std::uint64_t per_hour = 0;
  std::uint64_t per_day = 0;
};
using Action = std::function<int(AccountOptions&)>;

const Command::Option kAddress = argument("address", "ADDRESS", "Such as ann@example.org");
const Command::Option kGenerate{
    .names = "--generate", .value = "", .description = "Make a password and print it, this once"};

Tell sentence(const std::string& text) {
  return [text](const json::object& line) {
    return fmt::format("{} {}.\n", text_in(line, "account"), text);
  };
}

/// Asked for, read or made; a made one is printed when all went well.
int with_password(AccountOptions& options, json::object asked, const std::string& done) {
  Secret password;
  if (options.generate) {
    password = authenticate::generate_password();
  } else {
    auto given = read_new_password();
    if (!given) return complain(given.error(), kFailed);
    password = std::move(*given);
    if (const auto unwise = authenticate::warning_about(password); !unwise.empty())
      std::cerr << unwise << '\n';
  }
  asked["password"] = password.reveal();
  const int status = request(options.common, asked, sentence(done));
  if (status == kDone && options.generate)
    std::cout << "Its password, shown only now: " << password.reveal() << '\n';
  return status;
}

Result<std::uint64_t> parse_quota(const std::string& text) {
  if (text == "none") return 0;
  return parse_size(text);
}

int add_account(AccountOptions& options) {
  json::object asked{{"request", "account_add"}, {"address", options.address}};
  if (!options.text.empty()) {
    const auto quota = parse_quota(options.text);
    if (!quota) return complain(quota.error(), kWrongUse);
    asked["quota_bytes"] = *quota;
  }
  if (options.no_password)
    return request(options.common, asked, sentence("has a mailbox, and no password"));
  return with_password(options, std::move(asked), "is there: it gets mail and can send it");
}

std::string list_line(const json::object& account) {
  return fmt::format("{:<40} {:<8} {:<9} {} password(s)\n", text_in(account, "account"),
                     text_in(account, "source"),
                     account.at("disabled").as_bool() ? "disabled" : "active",
                     account.at("passwords").as_array().size());
}

std::string words(const json::value& list) {
  std::string all;
  for (const json::value& word : list.as_array())
    all.append(all.empty() ? "" : ", ").append(word.as_string());
  return all;
}

std::string limit_text(std::uint64_t limit) {
  return limit == 0 ? std::string("as configured") : std::to_string(limit);
}

std::string whole(const json::object& account) {
  std::string text = fmt::format("account    {}\nsource     {}\nstate      {}\n",
                                 text_in(account, "account"), text_in(account, "source"),
                                 account.at("disabled").as_bool() ? "disabled" : "active");
  const std::uint64_t quota = number_in(account, "quota_bytes");
  text += fmt::format("quota      {}\n", quota == 0 ? "none" : fmt::format("{} octets", quota));
  text += fmt::format("limits     {} recipients an hour, {} a day\n",
                      limit_text(number_in(account, "recipients_per_hour")),
                      limit_text(number_in(account, "recipients_per_day")));
  const std::string send_as = words(account.at("send_as"));
  if (!send_as.empty()) text += "sends as   " + send_as + '\n';
  for (const json::value& entry : account.at("passwords").as_array()) {
    const json::object& password = entry.as_object();
    const std::string name(text_in(password, "name"));
    const std::string protocols = words(password.at("for"));
    text += fmt::format("password   {} ({})\n", name.empty() ? "its own" : name,
                        protocols.empty() ? "for all" : protocols);
  }
  return text;
}

/// A line for the accounts file.
int print_hash(AccountOptions& options) {
  auto password = read_new_password();
  if (!password) return complain(password.error(), kFailed);
  const auto credential = authenticate::make_credential(*password, options.name);
  if (!credential) return complain(credential.error(), kFailed);
  std::cout << directory::account_line(options.address, *credential) << '\n';
  return kDone;
}

int set(AccountOptions& options, json::object asked, const Tell& tell) {
  asked["request"] = "account_set";
  asked["address"] = options.address;
  return request(options.common, asked, tell);
}

/// A subcommand about one account; it may be given further options.
Command add_one(const Command& parent, const std::string& name, const std::string& description,
                const std::shared_ptr<AccountOptions>& options, const Action& action) {
  const Command command = parent.add(name, description);
  command.option(kAddress, options->address);
  options->common.add_to(command);
  command.run([options, action] { return action(*options); });
  return command;
}

Command add_one(const Command& parent, const std::string& name, const std::string& description,
                const Action& action) {
  return add_one(parent, name, description, std::make_shared<AccountOptions>(), action);
}

void add_passwords(const Command& account) {
  auto options = std::make_shared<AccountOptions>();
  add_one(account, "password", "Give an account a new password", options,
          [](AccountOptions& chosen) {
            return with_password(chosen,
                                 {{"request", "account_password"}, {"address", chosen.address}},
                                 "has a new password");
          })
      .flag(kGenerate, options->generate);

  const Command app = account.add("app-password", "Further passwords, one for each program");
  app.require_subcommand();
  options = std::make_shared<AccountOptions>();
  options->generate = true;
  const Command add =
      add_one(app, "add", "Make one, and print it", options, [](AccountOptions& chosen) {
        json::object asked{
            {"request", "app_password_add"}, {"address", chosen.address}, {"name", chosen.name}};
        json::array protocols;
        for (std::string_view rest = chosen.text; !rest.empty();) {
          const std::string_view word = rest.substr(0, rest.find(','));
          protocols.emplace_back(word);
          rest.remove_prefix(std::min(rest.size(), word.size() + 1));
        }
        if (!protocols.empty()) asked["for"] = std::move(protocols);
        return with_password(chosen, std::move(asked), "has one password more");
      });
  add.option(argument("name", "NAME", "What it is for, such as phone"), options->name);
  add.option({.names = "--for",
              .value = "PROTOCOLS",
              .description = "Of submission,imap,pop3; default: all"},
             options->text);
  options = std::make_shared<AccountOptions>();
  add_one(app, "remove", "End one", options, [](AccountOptions& chosen) {
    return request(
        chosen.common,
        {{"request", "app_password_remove"}, {"address", chosen.address}, {"name", chosen.name}},
        sentence("has lost that password"));
  }).option(argument("name", "NAME", "As `account show` lists it"), options->name);
}

void add_settings(const Command& account) {
  add_one(account, "disable", "No logging in any more; it still gets mail", [](auto& options) {
    return set(options, {{"disabled", true}}, sentence("is disabled"));
  });
  add_one(account, "enable", "The opposite",
          [](auto& options) { return set(options, {{"disabled", false}}, sentence("is active")); });
  auto options = std::make_shared<AccountOptions>();
  add_one(account, "quota", "How much mail it may keep", options, [](AccountOptions& chosen) {
    const auto quota = parse_quota(chosen.name);
    if (!quota) return complain(quota.error(), kWrongUse);
    return set(chosen, {{"quota_bytes", *quota}}, sentence("has that quota"));
  }).option(argument("size", "SIZE", "Such as 2GiB, or none"), options->name);
  options = std::make_shared<AccountOptions>();
  const Command limit = add_one(
      account, "limit", "How many recipients it may send to", options, [](AccountOptions& chosen) {
        return set(
            chosen,
            {{"recipients_per_hour", chosen.per_hour}, {"recipients_per_day", chosen.per_day}},
            sentence("has those limits"));
      });
  limit.option({.names = "--per-hour", .value = "N", .description = "0: as configured for all"},
               options->per_hour);
  limit.option({.names = "--per-day", .value = "N", .description = "The same"}, options->per_day);
  options = std::make_shared<AccountOptions>();
  const Command send_as = add_one(
      account, "send-as", "Let it send as another address too", options,
      [](AccountOptions& chosen) {
        return set(chosen, {{chosen.remove ? "send_as_remove" : "send_as_add", chosen.name}},
                   sentence((chosen.remove ? "may not send as " : "may send as ") + chosen.name));
      });
  send_as.option(argument("pattern", "ADDRESS|@DOMAIN", "An address, or all of a domain"),
                 options->name);
  send_as.flag({.names = "--remove", .value = "", .description = "Take the leave back"},
               options->remove);
}

}  // namespace

void add_account(const Command& program) {
  const Command account = program.add("account", "People and programs that send and get mail");
  account.require_subcommand();
  auto options = std::make_shared<AccountOptions>();
  const Command add = add_one(account, "add", "Make an account with its mailbox", options,
                              [](AccountOptions& chosen) { return add_account(chosen); });
  add.flag(kGenerate, options->generate);
  add.flag({.names = "--no-password", .value = "", .description = "It only gets mail"},
           options->no_password);
  add.option({.names = "--quota", .value = "SIZE", .description = "Such as 2GiB; default: none"},
             options->text);
  add.footer("The password is asked for, or read from standard input.");

  options = std::make_shared<AccountOptions>();
  const Command list = account.add("list", "All accounts");
  list.option({.names = "--domain", .value = "DOMAIN", .description = "Only those in it"},
              options->text);
  options->common.add_to(list);
  list.run([options] {
    return request(options->common, {{"request", "account_list"}, {"domain", options->text}},
                   list_line);
  });
  add_one(account, "show", "All about an account but its passwords", [](auto& chosen) {
    return request(chosen.common, {{"request", "account_show"}, {"address", chosen.address}},
                   whole);
  });
  add_one(account, "remove", "End an account; its mail stays on disk", [](auto& chosen) {
    return request(chosen.common, {{"request", "account_remove"}, {"address", chosen.address}},
                   sentence("is no account any more; its mail was left where it is"));
  });
  add_passwords(account);
  add_settings(account);
  options = std::make_shared<AccountOptions>();
  const Command hash =
      add_one(account, "hash", "Print an account's line for accounts.file", options, print_hash);
  hash.option({.names = "--name", .value = "NAME", .description = "Of an app password"},
              options->name);
}

}  // namespace veredus::commands
