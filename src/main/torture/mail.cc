#include "main/torture/mail.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "wire/mime/date.h"

namespace veredus::torture {
namespace {

using Chance = std::mt19937_64;

constexpr std::string_view kMarker = "X-Veredus-Torture: ";
constexpr std::size_t kLineOctets = 76;
/// Some lines begin with a dot, which has to be doubled on the wire (RFC 5321 §4.5.2).
constexpr std::string_view kLetters =
    ".-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kLettersOfOneDraw = 10;  // of 6 bits each

constexpr std::array<std::string_view, 4> kFarDomains = {"near.example", "far.example",
                                                         "farther.example", "farthest.example"};
constexpr std::size_t kPool = std::size(kLocalMailboxes) + kFarDomains.size();
constexpr std::uint64_t kSenders = 16;

std::uint64_t between(Chance& chance, std::uint64_t least, std::uint64_t most) {
  return std::uniform_int_distribution(least, most)(chance);
}

/// Mostly 4 KiB, as most mail is; some of it so large that it is streamed to disk.
std::size_t choose_octets(Chance& chance) {
  constexpr std::size_t kKib = 1024;
  const std::uint64_t percentile = between(chance, 0, 999);
  if (percentile < 900) return 4 * kKib;
  if (percentile < 970) return between(chance, kKib, 16 * kKib);
  if (percentile < 995) return between(chance, 16 * kKib, 128 * kKib);
  return between(chance, 128 * kKib, kMailOctetsMax);
}

/// Every second one is far away.
std::string pool_address(std::size_t place) {
  const std::size_t row = place / 2 % kFarDomains.size();
  if (place % 2 == 0) return fmt::format("{}@{}", kLocalMailboxes[row], kLocalDomain);
  return fmt::format("reader@{}", kFarDomains[row]);
}

std::vector<std::string> choose_recipients(Chance& chance) {
  const std::size_t first = between(chance, 0, kPool - 1);
  const std::size_t count = between(chance, 0, 9) < 8 ? 1 : between(chance, 2, kRecipientsMax);
  std::vector<std::string> chosen;
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(pool_address(first + i));
  return chosen;
}

void add_line(Chance& chance, std::string& text) {
  for (std::size_t octets = 0; octets < kLineOctets;) {
    std::uint64_t draw = chance();
    for (std::size_t i = 0; i < kLettersOfOneDraw && octets < kLineOctets; ++i, ++octets) {
      text += kLetters[draw % kLetters.size()];
      draw /= kLetters.size();
    }
  }
  text += "\r\n";
}

/// Where the line that begins with the marker is in the header, or npos.
std::size_t find_marker(std::string_view stored) {
  for (std::size_t at = 0; at < stored.size();) {
    const std::string_view line = stored.substr(at, stored.find('\n', at) - at);
    if (line.starts_with(kMarker)) return at;
    if (line.empty() || line == "\r") break;
    at += line.size() + 1;
  }
  return std::string_view::npos;
}

/// What a server puts on top of a mail that passes through or arrives.
bool is_trace_field(std::string_view line) {
  static constexpr std::array<std::string_view, 3> kNames = {
      "Received:", "Return-Path:", "Delivered-To:"};
  return line.starts_with(' ') || line.starts_with('\t') ||
         std::ranges::any_of(kNames,
                             [&](std::string_view name) { return istarts_with(line, name); });
}

bool are_trace_fields(std::string_view added) {
  while (!added.empty()) {
    if (!is_trace_field(added)) return false;
    added.remove_prefix(std::min(added.size(), added.find('\n') + 1));
  }
  return true;
}

/// Where two texts begin to differ.
std::size_t first_difference(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

std::optional<std::uint64_t> number_in(std::string_view from_marker) {
  const std::string_view digits = from_marker.substr(kMarker.size());
  return to_number(digits.substr(0, digits.find('-')));
}

}  // namespace

/// One generator for who gets the mail and one for what is in it: the first is asked alone.
std::vector<std::string> MailMaker::recipients(std::uint64_t number) const {
  Chance chance(key_ + 2 * number);
  return choose_recipients(chance);
}

/// The first line of a mail; the number behind the dash cannot be guessed.
std::string MailMaker::marker(std::uint64_t number) const {
  Chance chance(key_ + 2 * number + 1);
  return fmt::format("{}{}-{:016x}{:016x}\r\n", kMarker, number, chance(), chance());
}

Mail MailMaker::make(std::uint64_t number) const {
  Chance chance(key_ + 2 * number + 1);
  chance.discard(2);  // marker() has them.
  Mail mail;
  mail.recipients = recipients(number);
  mail.sender = fmt::format("sender{}@client.example", number % kSenders);
  const std::size_t octets = choose_octets(chance);
  mail.text = marker(number);
  mail.text += fmt::format(
      "From: <{}>\r\nTo: <{}>\r\nDate: {}\r\nMessage-ID: <{}.{:016x}@client.example>\r\n"
      "Subject: number {}\r\n\r\n",
      mail.sender, mail.recipients.front(), mime::format_date(std::chrono::sys_seconds{}), number,
      key_, number);
  mail.text.reserve(octets + kLineOctets + 2);
  while (mail.text.size() < octets) add_line(chance, mail.text);
  return mail;
}

Finding MailMaker::judge(std::string_view recipient, std::string_view stored) const {
  const std::size_t at = find_marker(stored);
  if (at == std::string_view::npos) return {.problem = "it has no number of ours"};
  const std::string_view kept = stored.substr(at);
  const auto number = number_in(kept);
  if (!number) return {.verdict = Verdict::changed, .problem = "its number is damaged"};
  Mail mail = make(*number);
  Finding finding{.verdict = Verdict::changed, .number = *number, .recipient = 0, .problem = {}};
  const auto found = std::ranges::find(mail.recipients, recipient);
  if (found == mail.recipients.end()) {
    finding.problem = fmt::format("it is not for {}", recipient);
    return finding;
  }
  finding.recipient = static_cast<std::size_t>(found - mail.recipients.begin());
  if (!kept.contains('\r')) std::erase(mail.text, '\r');
  if (kept != mail.text)
    finding.problem = fmt::format("octet {} is not as it was sent ({} octets sent, {} arrived)",
                                  first_difference(mail.text, kept), mail.text.size(), kept.size());
  else if (!are_trace_fields(stored.substr(0, at)))
    finding.problem = "what was added on top are not trace fields alone";
  else
    finding.verdict = Verdict::intact;
  return finding;
}

}  // namespace veredus::torture
