#include "main/bench/receiver.h"

#include "wire/smtp/reply.h"

namespace veredus::bench {
namespace {

using smtp::Reply;
using smtp::Verb;

constexpr std::string_view kOk = "250 2.0.0 Ok\r\n";
constexpr std::string_view kCapabilities =
    "250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n";

/// Spreads numbers that follow each other evenly over all values (the end of splitmix64).
std::uint64_t scatter(std::uint64_t number) noexcept {
  number += 0x9E3779B97F4A7C15;
  number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9;
  number = (number ^ (number >> 27)) * 0x94D049BB133111EB;
  return number ^ (number >> 31);
}

std::string_view without_line_end(std::string_view line) noexcept {
  line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

smtp::ExtensionSet announced(bool offers_tls) {
  smtp::ExtensionSet extensions;
  if (offers_tls) extensions.insert(smtp::Extension::starttls);
  return extensions;
}

}  // namespace

Refusals::Refusals(double share, std::uint64_t seed) : share_(share), seed_(scatter(seed)) {}

bool Refusals::is_next() noexcept {
  if (share_ <= 0) return false;
  const std::uint64_t number = asked_.fetch_add(1, std::memory_order_relaxed);
  return static_cast<double>(scatter(seed_ ^ number) >> 11) * 0x1.0p-53 < share_;
}

Receiver::Receiver(const Rules& rules)
    : rules_(rules), dialogue_({.announced = announced(rules.offers_tls)}) {}

std::string_view Receiver::greeting() noexcept { return "220 sink.example ESMTP\r\n"; }

std::size_t Receiver::feed(std::string_view input, std::string& replies) {
  std::size_t used = 0;
  while (used < input.size() && !over_ && !wants_tls_) {
    const std::string_view rest = input.substr(used);
    if (in_message_) {
      const MessageEnd::Step step = message_end_.feed(rest);
      used += step.consumed;
      if (step.complete) end_message(replies);
      continue;
    }
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) break;
    used += end + 1;
    handle(without_line_end(rest.substr(0, end + 1)), replies);
  }
  return used;
}

void Receiver::handle(std::string_view line, std::string& replies) {
  const Verb verb = smtp::parse_command(line).verb;
  if (const auto refusal = dialogue_.refuse(verb))
    refusal->append_to(replies);
  else if (verb == Verb::rcpt && rules_.recipients.is_next())
    Reply(550, {5, 1, 1}, "No such user, by chance").append_to(replies);
  else
    agree(verb, replies);
}

void Receiver::agree(Verb verb, std::string& replies) {
  switch (verb) {
    case Verb::ehlo:
      dialogue_.greeted();
      replies += kCapabilities;
      replies += rules_.offers_tls && !dialogue_.tls_on() ? "250 STARTTLS\r\n" : "250 HELP\r\n";
      return;
    case Verb::helo:
      dialogue_.greeted();
      break;
    case Verb::mail:
      dialogue_.mail_accepted();
      break;
    case Verb::rcpt:
      dialogue_.recipient_accepted();
      break;
    case Verb::data:
      in_message_ = true;
      replies += "354 Go on\r\n";
      return;
    case Verb::rset:
      dialogue_.transaction_ended();
      break;
    case Verb::starttls:
      wants_tls_ = true;
      replies += "220 2.0.0 Go on\r\n";
      return;
    case Verb::quit:
      over_ = true;
      replies += "221 2.0.0 Bye\r\n";
      return;
    default:
      break;
  }
  replies += kOk;
}

void Receiver::end_message(std::string& replies) {
  in_message_ = false;
  dialogue_.transaction_ended();
  if (rules_.messages.is_next()) {
    Reply(451, {4, 3, 0}, "Try again, by chance").append_to(replies);
    return;
  }
  ++taken_;
  replies += kOk;
}

void Receiver::tls_started() noexcept {
  wants_tls_ = false;
  dialogue_.tls_started();
}

}  // namespace veredus::bench
