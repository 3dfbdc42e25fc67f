#include "mail/queue/envelope.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/tlv.h"

namespace veredus::queue {
namespace {

// The tags are on disk: never change or reuse one. docs/queue.md has the table.
enum EnvelopeTag : std::uint8_t {
  kId = 1,
  kSender = 2,
  kRecipient = 3,
  kReceivedAt = 4,
  kSize = 5,
  kChunkCount = 6,
  kBody = 7,
  kUtf8 = 8,
  kReturn = 9,
  kEnvid = 10,
  kMessageId = 11,
  kClient = 12,
  kHelo = 13,
  kProtocol = 14,
  kAuthIdentity = 15,
  kSession = 16,
  kTls = 17,
};
enum RecipientTag : std::uint8_t {
  kAddress = 1,
  kOriginal = 2,
  kOrcptType = 3,
  kOrcptAddress = 4,
  kNotify = 5,
};
enum StandingTag : std::uint8_t {
  kState = 1,
  kAttempts = 2,
  kNextAttempt = 3,
  kLastAttempt = 4,
  kReply = 5,
  kRemote = 6,
  kWarned = 7,
  kHeld = 8,
  kRoute = 9,
};

constexpr char kVersion = 1;
/// What was accepted under a generous configuration must be readable under a strict one.
constexpr smtp::AddressOptions kAnyAddress{.utf8_local_part = true,
                                           .local_part_octets_max = 64 * 1024};

/// Microseconds since 1970; times before that are written as 1970.
std::uint64_t micros(WallTime time) {
  const auto count =
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
  return count < 0 ? 0 : static_cast<std::uint64_t>(count);
}

/// Sets `into` to the number in `value`; false when it is none, or too large for its type.
template <class Number>
bool read(Number& into, std::string_view value) {
  const auto number = number_of(value);
  if (!number || *number > std::numeric_limits<Number>::max()) return false;
  into = static_cast<Number>(*number);
  return true;
}
bool read(std::string& into, std::string_view value) {
  into = value;
  return true;
}
bool read(WallTime& into, std::string_view value) {
  const auto number = number_of(value);
  constexpr auto kMax =
      std::chrono::duration_cast<std::chrono::microseconds>(WallTime::duration::max()).count();
  if (!number || *number > static_cast<std::uint64_t>(kMax)) return false;
  into = WallTime(std::chrono::microseconds(*number));
  return true;
}
bool read(bool& into, std::string_view value) {
  const auto number = number_of(value);
  into = number.value_or(0) != 0;
  return number.has_value();
}
/// An enumeration whose last value is `last`.
template <class Enum>
bool read_enum(Enum& into, std::string_view value, Enum last) {
  const auto number = number_of(value);
  if (!number || *number > static_cast<std::uint64_t>(last)) return false;
  into = static_cast<Enum>(*number);
  return true;
}

// An enumeration on disk is its number there plus one, so that "absent" is zero and not written.
constexpr std::array kBodies{smtp::Body::seven_bit, smtp::Body::eight_bit_mime,
                             smtp::Body::binary_mime};
constexpr std::array kRets{smtp::Ret::full, smtp::Ret::headers};

template <class Enum, std::size_t count>
std::uint64_t number_for(const std::array<Enum, count>& all, Enum value) {
  return static_cast<std::uint64_t>(std::ranges::find(all, value) - all.begin()) + 1;
}
template <class Enum, std::size_t count>
std::optional<Enum> from_number(const std::array<Enum, count>& all, std::string_view value) {
  const std::uint64_t number = number_of(value).value_or(0);
  if (number == 0 || number > count) return std::nullopt;
  return all[number - 1];
}

constexpr std::uint64_t kNotifyGiven = 1;
constexpr std::uint64_t kNotifySuccess = 2;
constexpr std::uint64_t kNotifyFailure = 4;
constexpr std::uint64_t kNotifyDelay = 8;

std::uint64_t number_for(const smtp::Notify& notify) {
  return kNotifyGiven | (notify.success ? kNotifySuccess : 0) |
         (notify.failure ? kNotifyFailure : 0) | (notify.delay ? kNotifyDelay : 0);
}
bool read(std::optional<smtp::Notify>& into, std::string_view value) {
  const auto bits = number_of(value);
  if (!bits || *bits > 15 || (*bits & kNotifyGiven) == 0) return false;
  into = smtp::Notify{.success = (*bits & kNotifySuccess) != 0,
                      .failure = (*bits & kNotifyFailure) != 0,
                      .delay = (*bits & kNotifyDelay) != 0};
  return true;
}

std::string encode(const Recipient& recipient) {
  std::string out;
  FieldWriter fields(out);
  fields.text(kAddress, recipient.address.text());
  fields.text(kOriginal, recipient.original);
  if (recipient.orcpt) {
    fields.record(kOrcptType, recipient.orcpt->type);
    fields.record(kOrcptAddress, recipient.orcpt->address);
  }
  if (recipient.notify) fields.number(kNotify, number_for(*recipient.notify));
  return out + recipient.unknown;
}

std::unexpected<Error> cut_off(std::string_view what) {
  return fail(Fault::malformed, std::string(what) + " is cut off or damaged");
}

Result<smtp::Address> find_address(std::string_view octets) {
  for (Cursor in(octets); !in.done();) {
    const auto field = take_field(in);
    if (!field) return cut_off("recipient");
    if (field->tag == kAddress) return smtp::Address::parse(field->value, kAnyAddress);
  }
  return fail(Fault::malformed, "a recipient has no address");
}

smtp::OriginalRecipient& orcpt_of(Recipient& recipient) {
  return recipient.orcpt ? *recipient.orcpt : recipient.orcpt.emplace();
}

Result<Recipient> decode_recipient(std::string_view octets) {
  auto address = find_address(octets);
  if (!address) return fail(address.error());
  Recipient recipient{std::move(*address), {}, {}, {}, {}};
  for (Cursor in(octets); !in.done();) {
    const auto field = take_field(in);
    if (!field) return cut_off("recipient");
    bool good = true;
    switch (field->tag) {
      case kAddress:
        break;
      case kOriginal:
        good = read(recipient.original, field->value);
        break;
      case kOrcptType:
        good = read(orcpt_of(recipient).type, field->value);
        break;
      case kOrcptAddress:
        good = read(orcpt_of(recipient).address, field->value);
        break;
      case kNotify:
        good = read(recipient.notify, field->value);
        break;
      default:
        recipient.unknown += field->raw;
    }
    if (!good) return cut_off("recipient");
  }
  return recipient;
}

Result<> read_sender(Envelope& envelope, std::string_view value) {
  auto address = smtp::Address::parse(value, kAnyAddress);
  if (!address) return fail(address.error());
  envelope.sender = smtp::ReversePath(std::move(*address));
  return {};
}

Result<> read_recipient(std::vector<Recipient>& recipients, std::string_view value) {
  auto recipient = decode_recipient(value);
  if (!recipient) return fail(recipient.error());
  recipients.push_back(std::move(*recipient));
  return {};
}

bool read_body(Envelope& envelope, std::string_view value) {
  const auto body = from_number(kBodies, value);
  envelope.body = body.value_or(smtp::Body::seven_bit);
  return body.has_value();
}

/// Takes in a field that is a plain value. False when it is damaged.
bool read_plain(Envelope& envelope, const Field& field) {
  const std::string_view value = field.value;
  switch (field.tag) {
    case kId: {
      std::uint64_t id = 0;
      const bool good = read(id, value);
      envelope.id = QueueId{id};
      return good;
    }
    case kReceivedAt:
      return read(envelope.received_at, value);
    case kSize:
      return read(envelope.size, value);
    case kChunkCount:
      return read(envelope.chunk_count, value);
    case kBody:
      return read_body(envelope, value);
    case kUtf8:
      return read(envelope.utf8, value);
    case kReturn:
      return (envelope.ret = from_number(kRets, value)).has_value();
    case kEnvid:
      envelope.envid = value;
      return true;
    case kMessageId:
      return read(envelope.message_id, value);
    case kClient:
      return read(envelope.origin.client, value);
    case kHelo:
      return read(envelope.origin.helo, value);
    case kProtocol:
      return read(envelope.origin.protocol, value);
    case kAuthIdentity:
      return read(envelope.origin.auth_identity, value);
    case kSession:
      return read(envelope.origin.session, value);
    case kTls:
      return read(envelope.origin.tls, value);
    default:
      envelope.unknown += field.raw;
      return true;
  }
}

/// Who had a message sent, as the fields say it.
struct Initiator {
  std::string_view account;
  std::string_view sender;
  std::string_view client;
};

/// Of the account, else the sender, else the client's address without its port.
SenderKey key_of(const Initiator& initiator) {
  const std::string_view address = initiator.client.substr(0, initiator.client.rfind(':'));
  std::string_view who = initiator.account;
  if (who.empty()) who = initiator.sender;
  if (who.empty()) who = address;
  return sender_key(who);
}

/// Eats the version octet.
Result<> read_version(Cursor& in, std::string_view what) {
  if (in.eat(kVersion)) return {};
  if (in.done()) return fail(Fault::malformed, std::string(what) + " is empty");
  return fail(Fault::malformed, std::string(what) + " has a format this program does not know: " +
                                    "was it written by a newer one?");
}

}  // namespace

std::string encode(const Envelope& envelope) {
  std::string out(1, kVersion);
  FieldWriter fields(out);
  fields.number(kId, static_cast<std::uint64_t>(envelope.id));
  if (!envelope.sender.is_null()) fields.text(kSender, envelope.sender.address()->text());
  for (const Recipient& recipient : envelope.recipients)
    fields.record(kRecipient, encode(recipient));
  fields.number(kReceivedAt, micros(envelope.received_at));
  fields.number(kSize, envelope.size);
  fields.number(kChunkCount, envelope.chunk_count);
  fields.number(kBody, number_for(kBodies, envelope.body));
  fields.number(kUtf8, envelope.utf8 ? 1 : 0);
  if (envelope.ret) fields.number(kReturn, number_for(kRets, *envelope.ret));
  if (envelope.envid) fields.record(kEnvid, *envelope.envid);
  fields.text(kMessageId, envelope.message_id);
  fields.text(kClient, envelope.origin.client);
  fields.text(kHelo, envelope.origin.helo);
  fields.text(kProtocol, envelope.origin.protocol);
  fields.text(kAuthIdentity, envelope.origin.auth_identity);
  fields.number(kSession, envelope.origin.session);
  fields.text(kTls, envelope.origin.tls);
  out += envelope.unknown;
  return out;
}

Result<Envelope> decode_envelope(std::string_view octets) {
  Cursor in(octets);
  if (auto version = read_version(in, "envelope"); !version) return fail(version.error());
  Envelope envelope;
  while (!in.done()) {
    const auto field = take_field(in);
    if (!field) return cut_off("envelope");
    Result<> read;
    if (field->tag == kSender) {
      read = read_sender(envelope, field->value);
    } else if (field->tag == kRecipient) {
      read = read_recipient(envelope.recipients, field->value);
    } else if (!read_plain(envelope, *field)) {
      read = cut_off("envelope");
    }
    if (!read) return fail(read.error());
  }
  return envelope;
}

Result<BriefEnvelope> decode_brief(std::string_view octets) {
  Cursor in(octets);
  if (auto version = read_version(in, "envelope"); !version) return fail(version.error());
  BriefEnvelope brief;
  Initiator initiator;
  while (!in.done()) {
    const auto field = take_field(in);
    if (!field) return cut_off("envelope");
    if (field->tag == kSender) initiator.sender = field->value;
    if (field->tag == kAuthIdentity) initiator.account = field->value;
    if (field->tag == kClient) initiator.client = field->value;
    if (field->tag != kRecipient) continue;
    auto read = read_recipient(brief.recipients, field->value);
    if (!read) return fail(read.error());
  }
  brief.sender = key_of(initiator);
  return brief;
}

SenderKey sender_key(const Envelope& envelope) {
  const std::string sender = envelope.sender.is_null() ? "" : envelope.sender.address()->text();
  return key_of({.account = envelope.origin.auth_identity,
                 .sender = sender,
                 .client = envelope.origin.client});
}

std::string_view name(State state) noexcept {
  switch (state) {
    case State::pending:
      return "pending";
    case State::deferred:
      return "deferred";
    case State::delivered:
      return "delivered";
    case State::relayed:
      return "relayed";
    case State::failed:
      return "failed";
    case State::bounced:
      return "bounced";
    case State::removed:
      return "removed";
  }
  return "unknown";
}

std::string encode(const Standing& standing) {
  std::string out(1, kVersion);
  FieldWriter fields(out);
  fields.number(kState, static_cast<std::uint64_t>(standing.state));
  fields.number(kAttempts, standing.attempts);
  fields.number(kNextAttempt, micros(standing.next_attempt));
  fields.number(kLastAttempt, micros(standing.last_attempt));
  fields.text(kReply, standing.reply);
  fields.text(kRemote, standing.remote);
  fields.number(kWarned, standing.warned ? 1 : 0);
  fields.number(kHeld, standing.held ? 1 : 0);
  fields.text(kRoute, standing.route);
  out += standing.unknown;
  return out;
}

Result<Standing> decode_standing(std::string_view octets) {
  Cursor in(octets);
  if (auto version = read_version(in, "standing"); !version) return fail(version.error());
  Standing standing;
  while (!in.done()) {
    const auto field = take_field(in);
    if (!field) return cut_off("standing");
    bool good = true;
    switch (field->tag) {
      case kState:
        good = read_enum(standing.state, field->value, State::removed);
        break;
      case kAttempts:
        good = read(standing.attempts, field->value);
        break;
      case kNextAttempt:
        good = read(standing.next_attempt, field->value);
        break;
      case kLastAttempt:
        good = read(standing.last_attempt, field->value);
        break;
      case kReply:
        good = read(standing.reply, field->value);
        break;
      case kRemote:
        good = read(standing.remote, field->value);
        break;
      case kWarned:
        good = read(standing.warned, field->value);
        break;
      case kHeld:
        good = read(standing.held, field->value);
        break;
      case kRoute:
        good = read(standing.route, field->value);
        break;
      default:
        standing.unknown += field->raw;
    }
    if (!good) return cut_off("standing");
  }
  return standing;
}

}  // namespace veredus::queue
