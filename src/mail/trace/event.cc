#include "mail/trace/event.h"

#include <array>
#include <type_traits>

#include "base/tlv.h"

namespace veredus::trace {
namespace {

constexpr char kVersion = 1;

/// Never change or reuse a number: they are on disk.
enum class Tag : std::uint8_t {
  event = 1,
  kind = 2,
  at = 3,
  recipient = 4,
  sender = 5,
  client = 6,
  helo = 7,
  protocol = 8,
  account = 9,
  message_id = 10,
  size = 11,
  state = 12,
  attempt = 13,
  destination = 14,
  passed_over = 15,
  remote = 16,
  tls = 17,
  reply = 18,
  duration = 19,
  next_attempt = 20,
  text = 21,
  related = 22,
};
constexpr auto number(Tag tag) { return static_cast<std::uint64_t>(tag); }

struct TextField {
  Tag tag;
  std::string Event::* member;
};
constexpr std::array kTexts{
    TextField{Tag::sender, &Event::sender},
    TextField{Tag::client, &Event::client},
    TextField{Tag::helo, &Event::helo},
    TextField{Tag::protocol, &Event::protocol},
    TextField{Tag::account, &Event::account},
    TextField{Tag::message_id, &Event::message_id},
    TextField{Tag::state, &Event::state},
    TextField{Tag::destination, &Event::destination},
    TextField{Tag::passed_over, &Event::passed_over},
    TextField{Tag::remote, &Event::remote},
    TextField{Tag::tls, &Event::tls},
    TextField{Tag::reply, &Event::reply},
    TextField{Tag::text, &Event::text},
};

std::uint64_t micros(WallTime when) {
  const auto since = std::chrono::floor<std::chrono::microseconds>(when.time_since_epoch());
  return static_cast<std::uint64_t>(std::max<std::int64_t>(since.count(), 0));
}
WallTime time_of(std::uint64_t micros) {
  constexpr std::uint64_t kMax = 9'000'000'000'000'000;  // Far beyond what system_clock can say.
  return WallTime{std::chrono::microseconds(std::min(micros, kMax))};
}

std::string encode_one(const Event& event) {
  std::string octets;
  FieldWriter fields(octets);
  fields.number(number(Tag::kind), static_cast<std::uint64_t>(event.kind));
  fields.number(number(Tag::at), micros(event.at));
  for (const std::string& recipient : event.recipients)
    fields.record(number(Tag::recipient), recipient);
  for (const TextField& field : kTexts) fields.text(number(field.tag), event.*field.member);
  fields.number(number(Tag::size), event.size);
  fields.number(number(Tag::attempt), event.attempt);
  fields.number(number(Tag::duration), static_cast<std::uint64_t>(event.duration.count()));
  fields.number(number(Tag::next_attempt), micros(event.next_attempt));
  fields.number(number(Tag::related), static_cast<std::uint64_t>(event.related));
  return octets;
}

void take_number(Event& event, Tag tag, std::uint64_t value) {
  switch (tag) {
    case Tag::kind:
      event.kind = Kind{static_cast<std::uint8_t>(std::min<std::uint64_t>(value, 255))};
      break;
    case Tag::at:
      event.at = time_of(value);
      break;
    case Tag::size:
      event.size = value;
      break;
    case Tag::attempt:
      event.attempt = static_cast<std::uint32_t>(std::min<std::uint64_t>(value, UINT32_MAX));
      break;
    case Tag::duration:
      event.duration = std::chrono::milliseconds(std::min<std::uint64_t>(value, UINT32_MAX));
      break;
    case Tag::next_attempt:
      event.next_attempt = time_of(value);
      break;
    case Tag::related:
      event.related = QueueId{value};
      break;
    default:
      break;  // Of a newer format.
  }
}

void take(Event& event, const Field& field) {
  if (field.tag > number(Tag::related)) return;  // Of a newer format.
  const Tag tag{static_cast<std::uint8_t>(field.tag)};
  if (tag == Tag::recipient) {
    event.recipients.emplace_back(field.value);
    return;
  }
  for (const TextField& known : kTexts) {
    if (known.tag != tag) continue;
    event.*known.member = field.value;
    return;
  }
  if (const auto value = number_of(field.value)) take_number(event, tag, *value);
}

Result<Event> decode_one(std::string_view octets) {
  Event event;
  Cursor in(octets);
  while (!in.done()) {
    const auto field = take_field(in);
    if (!field) return fail(Fault::malformed, "an event is cut off");
    take(event, *field);
  }
  return event;
}

}  // namespace

std::string_view name(Kind kind) noexcept {
  switch (kind) {
    case Kind::accepted:
      return "accepted";
    case Kind::attempt:
      return "attempt";
    case Kind::notice:
      return "notice";
    case Kind::order:
      return "order";
  }
  return "unknown";
}

std::string encode(const std::vector<Event>& events) {
  std::string octets(1, kVersion);
  FieldWriter fields(octets);
  for (const Event& event : events) fields.record(number(Tag::event), encode_one(event));
  return octets;
}

Result<std::vector<Event>> decode(std::string_view octets) {
  if (octets.empty() || octets.front() != kVersion)
    return fail(Fault::malformed, "not a trace of this format");
  std::vector<Event> events;
  Cursor in(octets.substr(1));
  while (!in.done()) {
    const auto field = take_field(in);
    if (!field) return fail(Fault::malformed, "a trace is cut off");
    if (field->tag != number(Tag::event)) continue;  // Of a newer format.
    auto event = decode_one(field->value);
    if (!event) return fail(event.error());
    events.push_back(std::move(*event));
  }
  return events;
}

}  // namespace veredus::trace
