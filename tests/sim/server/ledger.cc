#include "sim/server/ledger.h"

#include <algorithm>
#include <array>

#include "base/cursor.h"
#include "base/text.h"
#include "wire/mime/transfer_encoding.h"

namespace veredus::simulation {
namespace {

constexpr std::string_view kFirstField = "X-Letter: ";
/// A mailbox of ours, people elsewhere, nobody, and where no notice can go.
constexpr std::array<std::string_view, 6> kSenders{"you@example.test",  "al@client.example",
                                                   "bo@client.example", "cy@client.example",
                                                   "gone@null.example", ""};

/// A line of the kind that mail servers get wrong.
std::string odd_line(sim::SeededRandom& random, bool eight_bit) {
  constexpr std::array<std::string_view, 7> kLines{
      ".", "..", ". and more", "", "From here to there", "QUIT", "250 2.0.0 not a reply"};
  const std::uint64_t kind = random.below(kLines.size() + 3);
  if (kind < kLines.size()) return std::string(kLines.at(kind));
  if (kind == kLines.size()) return std::string(900, 'x');
  if (kind == kLines.size() + 1 && eight_bit) return "gr\xC3\xBC\xC3\x9F=3D dich \t";
  return "line " + std::to_string(random.next());
}

std::string write_text(std::uint64_t number, sim::SeededRandom& random) {
  const bool eight_bit = random.chance(0.3);
  const bool large = random.chance(0.05);
  std::string text = std::string(kFirstField) + std::to_string(number) + "\r\n";
  text += "Message-ID: <" + std::to_string(number) + "@client.example>\r\n";
  text += "Subject: letter\r\n\r\n";
  if (eight_bit) text += "\xC3\xA4\r\n";
  const std::uint64_t lines = large ? random.between(300, 400) : random.between(0, 30);
  for (std::uint64_t i = 0; i < lines; ++i) {
    text += large && i % 8 != 0 ? std::string(950, 'L') : odd_line(random, eight_bit);
    text += "\r\n";
  }
  return text;
}

std::string with_lf(std::string text) {
  std::erase(text, '\r');
  return text;
}

/// True when every line is a trace field or the continuation of one.
bool is_trace(std::string_view fields) {
  while (!fields.empty()) {
    const std::size_t end = fields.find('\n');
    if (end == std::string_view::npos) return false;
    const std::string_view line = fields.substr(0, end);
    const bool known = line.starts_with("Received: ") || line.starts_with("Return-Path: ") ||
                       line.starts_with("Delivered-To: ") || line.starts_with(' ') ||
                       line.starts_with('\t');
    if (!known) return false;
    fields.remove_prefix(end + 1);
  }
  return true;
}

std::string body_of(const std::string& text) {
  const std::size_t end = text.find("\n\n");
  return end == std::string::npos ? std::string() : text.substr(end + 2);
}

/// A next hop without 8BITMIME gets another header and an encoded body.
bool is_converted(const std::string& got, const std::string& sent) {
  const std::size_t field = got.find("Content-Transfer-Encoding: ");
  const std::size_t header_end = got.find("\n\n");
  if (field == std::string::npos || field > header_end) return false;
  if (std::ranges::any_of(got, [](char c) { return static_cast<unsigned char>(c) > 127; }))
    return false;
  Cursor value(std::string_view(got).substr(got.find(' ', field) + 1));
  const auto encoding =
      mime::parse_transfer_encoding(value.take_while([](char c) { return c != '\n'; }));
  return with_lf(mime::decode_transfer(encoding, body_of(got))) == body_of(sent);
}

}  // namespace

std::set<std::string> expand(const std::string& recipient) {
  if (recipient == "sales@example.test") return {"you@example.test", "boss@remote.example"};
  return {recipient};
}

std::optional<std::uint64_t> letter_number(std::string_view text) {
  const std::size_t field = text.find(kFirstField);
  if (field == std::string_view::npos) return std::nullopt;
  Cursor in(text.substr(field + kFirstField.size()));
  return to_number(in.take_while(is_digit));
}

Letter& Ledger::write(sim::SeededRandom& random) {
  const std::uint64_t number = letters_.size() + 1;
  Letter& letter = letters_[number];
  letter.number = number;
  letter.text = write_text(number, random);
  letter.sender = kSenders.at(random.below(kSenders.size()));
  return letter;
}

void Ledger::named(Letter& letter, const std::string& recipient) {
  letter.named.insert(recipient);  // Notices name what the sender wrote.
  letter.named.merge(expand(recipient));
}

void Ledger::accepted(Letter& letter, const std::string& recipient) {
  letter.promised.merge(expand(recipient));
}

std::optional<std::uint64_t> Ledger::received(std::string_view text, const std::string& recipient) {
  if (is_notice(text)) {
    told(text, recipient);
    return std::nullopt;
  }
  const auto number = letter_number(text);
  const auto letter = number ? letters_.find(*number) : letters_.end();
  if (letter == letters_.end()) {
    problem("<" + recipient + "> got what nobody sent: " + printable(text.substr(0, 200)));
    return std::nullopt;
  }
  const std::string name = "letter " + std::to_string(*number) + " to <" + recipient + ">";
  if (!letter->second.named.contains(recipient)) problem(name + " was never addressed so");
  const std::string got = with_lf(std::string(text));
  const std::string sent = with_lf(letter->second.text);
  const std::size_t begin = got.find(kFirstField);
  if (!is_trace(std::string_view(got).substr(0, begin)))
    problem(name + " has something other than trace fields on top: " +
            printable(std::string_view(got).substr(0, begin)));
  const std::string content = got.substr(begin);
  if (content != sent && !is_converted(content, sent)) {
    problem(name + " arrived changed: " + std::to_string(content.size()) + " octets, sent " +
            std::to_string(sent.size()));
    return std::nullopt;
  }
  return number;
}

bool Ledger::was_told(dsn::Action what, std::uint64_t letter, const std::string& recipient) const {
  const auto knows = [&](const char* name) { return notices_.contains({what, letter, name}); };
  return knows(recipient.c_str()) ||
         (recipient == "boss@remote.example" && knows("sales@example.test"));
}

bool Ledger::is_notice(std::string_view text) {
  const std::string header = with_lf(std::string(text.substr(0, 4096)));
  return header.substr(0, header.find("\n\n")).contains("report-type=delivery-status");
}

void Ledger::told(std::string_view notice, const std::string& sender) {
  const dsn::Bounce bounce = dsn::read_bounce(notice);
  const std::string& id = bounce.original_message_id;
  const auto number = to_number(std::string_view(id).substr(0, id.find('@')));
  const auto letter = number ? letters_.find(*number) : letters_.end();
  if (letter == letters_.end() || bounce.recipients.empty())
    return problem("a notice about nothing: " + printable(notice.substr(0, 300)));
  if (letter->second.sender != sender)
    problem("<" + sender + "> is told about the letter of <" + letter->second.sender + ">");
  constexpr std::string_view kField = "Message-ID: ";
  Cursor own(notice.substr(notice.find(kField) + kField.size()));
  const std::string own_id(own.take_while([](char c) { return c != '\r' && c != '\n'; }));
  for (const dsn::BouncedRecipient& recipient : bounce.recipients)
    told_of(*number, recipient, own_id);
}

void Ledger::told_of(std::uint64_t letter, const dsn::BouncedRecipient& recipient,
                     const std::string& message_id) {
  const std::string name = "letter " + std::to_string(letter) + " to <" + recipient.address + ">";
  if (!letters_.at(letter).named.contains(recipient.address))
    return problem("a notice about " + name + ", which was never addressed so");
  if (!recipient.action) return problem("a notice about " + name + " that says nothing");
  const auto [first, is_new] =
      notices_.emplace(Told(*recipient.action, letter, recipient.address), message_id);
  if (first->second != message_id) problem("told twice of " + name + ": " + message_id);
  if (!is_new || *recipient.action != dsn::Action::failed) return;
  const std::string status = recipient.status ? recipient.status->text() + " " : "";
  if (!is_good_reason(recipient.diagnostic) && !is_good_reason(status))
    problem(name + " is said to have failed for no good reason: " + status + recipient.diagnostic);
}

bool Ledger::is_good_reason(std::string_view reply) const {
  if (reply.starts_with("5.1.2 ") || reply.starts_with("5.4.4 ")) return domains_may_vanish_;
  if (reply.starts_with("expired ") || reply.starts_with("4.")) return mail_may_expire_;
  return reply.starts_with("5.1.10 ") || was_refused(reply);
}

bool Ledger::was_refused(std::string_view reply) const {
  return std::ranges::any_of(refusals_,
                             [&](const std::string& said) { return reply.contains(said); });
}

std::size_t Ledger::promises() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(letters_, [](const auto& entry) { return entry.second.acknowledged; }));
}

}  // namespace veredus::simulation
