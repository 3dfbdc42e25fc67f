// `veredus domain` and `veredus alias`.

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "main/commands/command.h"
#include "main/commands/directory_options.h"
#include "main/commands/queue_text.h"

namespace veredus::commands {
namespace {

namespace json = boost::json;

struct NameOptions {
  QueueOptions common;
  std::string name;
  std::vector<std::string> targets;
};

/// A subcommand about one domain or alias.
void add_named(const Command& parent, const std::string& name, const std::string& description,
               const Command::Option& argument, const std::function<int(NameOptions&)>& action) {
  const auto options = std::make_shared<NameOptions>();
  const Command command = parent.add(name, description);
  command.option(argument, options->name);
  options->common.add_to(command);
  command.run([options, action] { return action(*options); });
}

void add_listing(const Command& parent, const std::string& description,
                 const std::string& request_name, const Tell& tell) {
  const auto options = std::make_shared<QueueOptions>();
  const Command command = parent.add("list", description);
  options->add_to(command);
  command.run([options, request_name, tell] {
    return request(*options, {{"request", request_name}}, tell);
  });
}

std::string targets_of(const json::object& alias) {
  std::string all;
  for (const json::value& target : alias.at("targets").as_array())
    all.append(all.empty() ? "" : ", ").append(target.as_string());
  return all;
}

int change_domain(const NameOptions& options, const std::string& request_name,
                  const std::string& done) {
  return request(options.common, {{"request", request_name}, {"domain", options.name}},
                 [&](const json::object& line) {
                   return fmt::format("{} {}.\n", text_in(line, "domain"), done);
                 });
}

}  // namespace

void add_domain(const Command& program) {
  const Command domain = program.add("domain", "Domains whose mail ends here");
  domain.require_subcommand();
  const auto name = argument("name", "DOMAIN", "Such as example.org");
  add_named(domain, "add", "Take mail for a domain from now on", name, [](NameOptions& options) {
    return change_domain(
        options, "domain_add",
        "is ours: it takes mail once `veredus account add` or `alias add` has put somebody there");
  });
  add_named(domain, "remove", "Take no more mail for a domain", name, [](NameOptions& options) {
    return change_domain(options, "domain_remove", "is not ours any more");
  });
  add_listing(domain, "Domains that were added by command", "domain_list",
              [](const json::object& line) {
                return fmt::format("{:<40} {:>6} accounts {:>6} aliases\n", text_in(line, "domain"),
                                   number_in(line, "accounts"), number_in(line, "aliases"));
              });
}

void add_alias(const Command& program) {
  const Command alias = program.add("alias", "Addresses that stand for others");
  alias.require_subcommand();
  const auto address = argument("address", "ADDRESS", "The alias, such as sales@example.org");
  const auto options = std::make_shared<NameOptions>();
  const Command add = alias.add("add", "Make an alias, or give it other targets");
  add.option(address, options->name);
  add.option(argument("targets", "TARGET", "Who gets its mail"), options->targets);
  options->common.add_to(add);
  add.run([options] {
    return request(options->common,
                   {{"request", "alias_add"},
                    {"address", options->name},
                    {"targets", json::array(options->targets.begin(), options->targets.end())}},
                   [](const json::object& line) {
                     return fmt::format("Mail for {} goes to {}.\n", text_in(line, "alias"),
                                        targets_of(line));
                   });
  });
  add_named(alias, "remove", "End an alias", address, [](NameOptions& chosen) {
    return request(chosen.common, {{"request", "alias_remove"}, {"address", chosen.name}},
                   [](const json::object& line) {
                     return fmt::format("{} is no alias any more.\n", text_in(line, "alias"));
                   });
  });
  add_listing(alias, "Aliases that were made by command", "alias_list",
              [](const json::object& line) {
                return fmt::format("{:<40} {}\n", text_in(line, "alias"), targets_of(line));
              });
}

}  // namespace veredus::commands
