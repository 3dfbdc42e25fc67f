#include "main/commands/sendmail_names.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/chrono.h>
#include <sysexits.h>

#include "base/ids.h"
#include "mail/manage/words.h"
#include "main/commands/command.h"
#include "main/commands/queue_options.h"
#include "main/commands/queue_text.h"
#include "main/sendmail/options.h"
#include "main/sendmail/run.h"

namespace veredus::commands {
namespace {

namespace json = boost::json;

constexpr std::size_t kReasonWidth = 76;

/// When an id was given out: its upper bits are milliseconds since 1970 (base/ids.h).
std::string arrival_time(std::string_view id) {
  const auto parsed = parse_queue_id(id);
  const std::uint64_t milliseconds = parsed ? static_cast<std::uint64_t>(*parsed) >> 22 : 0;
  return fmt::format("{:%a %b %e %H:%M:%S}",
                     fmt::localtime(static_cast<std::time_t>(milliseconds / 1000)));
}

bool is_waiting(const json::object& recipient) {
  const auto state = text_in(recipient, "state");
  return state == "pending" || state == "deferred" || state == "failed";
}

std::string recipient_lines(const json::object& recipient) {
  std::string out;
  if (const auto reply = text_in(recipient, "reply"); !reply.empty()) {
    const std::string reason = manage::verdict_words(text_in(recipient, "remote"), reply);
    out += fmt::format("{:>{}}\n", '(' + reason + ')', kReasonWidth + 2);
  }
  return out + fmt::format("{:41}{}\n", "", text_in(recipient, "address"));
}

/// As `postqueue -p` prints a message: columns of 10 + 1, 8 and 21, and `!` behind the id of one
/// that is held.
std::string mailq_entry(const json::object& message) {
  const json::array& recipients = message.at("recipients").as_array();
  const bool is_held = std::ranges::any_of(recipients, [](const json::value& recipient) {
    return is_waiting(recipient.as_object()) && recipient.as_object().at("held").as_bool();
  });
  const auto sender = text_in(message, "sender");
  std::string out =
      fmt::format("{:<10}{} {:>7} {:>19}  {}\n", text_in(message, "id"), is_held ? '!' : ' ',
                  number_in(message, "size"), arrival_time(text_in(message, "id")),
                  sender.empty() ? "MAILER-DAEMON" : sender);
  for (const json::value& recipient : recipients)
    if (is_waiting(recipient.as_object())) out += recipient_lines(recipient.as_object());
  return out + '\n';
}

/// What a failure to ask is in sysexits.h.
int system_status(int status) {
  if (status == kConfiguration) return EX_CONFIG;
  return status == kDone ? EX_OK : EX_UNAVAILABLE;
}

int print_queue(const sendmail::Options& options) {
  std::uint64_t messages = 0;
  std::uint64_t octets = 0;
  const auto print = [&](const std::string& line) {
    const json::object message = parse_line(line);
    if (messages++ == 0)
      std::cout << "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n";
    octets += number_in(message, "size");
    std::cout << mailq_entry(message);
  };
  QueueOptions queue;
  queue.configuration.set(options.configuration, options.development);
  const int status = queue.ask({.request = R"({"request":"queue_list"})", .line = print});
  if (status != kDone) return system_status(status);
  if (messages == 0)
    std::cout << "Mail queue is empty\n";
  else
    std::cout << fmt::format("-- {} Kbytes in {} Request{}.\n", octets / 1024, messages,
                             messages == 1 ? "" : "s");
  return kDone;
}

int retry_all(const sendmail::Options& options) {
  QueueOptions queue;
  queue.configuration.set(options.configuration, options.development);
  return system_status(
      queue.ask({.request = R"({"request":"queue_order","what":"retry","all":true})",
                 .line = [](const std::string&) {}}));
}

int print_that_aliases_are_current() {
  std::cout << "newaliases is not needed: Veredus reads aliases where they are configured.\n";
  return kDone;
}

/// `mode`: whatever the options say of it.
int run_sendmail(std::span<const char* const> arguments,
                 std::optional<sendmail::Mode> mode = std::nullopt) {
  auto options = sendmail::parse_options(arguments);
  if (!options) {
    std::cerr << "sendmail: " << options.error() << '\n';
    return EX_USAGE;
  }
  if (mode && options->mode == sendmail::Mode::message) options->mode = *mode;
  switch (options->mode) {
    case sendmail::Mode::message:
      return sendmail::hand_in(*options);
    case sendmail::Mode::smtp:
      return sendmail::speak_smtp(*options);
    case sendmail::Mode::print_queue:
      return print_queue(*options);
    case sendmail::Mode::retry:
      return retry_all(*options);
    case sendmail::Mode::new_aliases:
      return print_that_aliases_are_current();
    case sendmail::Mode::help:
      return sendmail::print_help();
  }
  std::unreachable();
}

}  // namespace

std::optional<int> run_as_named(int argc, const char* const* argv) {
  if (argc < 1) return std::nullopt;
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  std::string_view name = arguments.front();
  name = name.substr(name.rfind('/') + 1);
  if (name == "mailq") return run_sendmail(arguments.subspan(1), sendmail::Mode::print_queue);
  if (name == "newaliases") return print_that_aliases_are_current();
  if (name == "sendmail") return run_sendmail(arguments.subspan(1));
  if (argc > 1 && std::string_view(arguments[1]) == "sendmail")
    return run_sendmail(arguments.subspan(2));
  return std::nullopt;
}

}  // namespace veredus::commands
