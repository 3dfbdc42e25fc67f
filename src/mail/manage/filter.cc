#include "mail/manage/filter.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/amount.h"
#include "base/text.h"
#include "mail/manage/words.h"

namespace veredus::manage {
namespace {

namespace json = boost::json;

constexpr std::size_t kPatternMax = 1024;
constexpr std::array<std::string_view, 8> kStates{"pending", "deferred",  "held",    "failed",
                                                  "bounced", "delivered", "relayed", "removed"};

/// `*` stands for any octets, also none. At most pattern times text steps.
bool glob(std::string_view pattern, std::string_view text) {
  std::size_t at = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      resume = i;
    } else if (at < pattern.size() && pattern[at] == text[i]) {
      ++at;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

/// An address, or a pattern of one, with what follows its last @ in lower case.
std::string fold_domain(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return std::string(text);
  return std::string(text.substr(0, at)) + ascii_lower(text.substr(at));
}

std::string without_brackets(std::string_view text) {
  const bool has = text.size() > 2 && text.starts_with('<') && text.ends_with('>');
  return std::string(has ? text.substr(1, text.size() - 2) : text);
}

bool sender_matches(const std::string& pattern, const smtp::ReversePath& sender) {
  if (pattern.empty()) return true;
  if (sender.is_null()) return pattern == "<>" || pattern == "*";
  return glob(pattern, fold_domain(sender.address()->text()));
}

bool recipient_matches(const std::string& pattern, const queue::Recipient& recipient) {
  if (pattern.empty() || glob(pattern, fold_domain(recipient.address.text()))) return true;
  return !recipient.original.empty() && glob(pattern, fold_domain(recipient.original));
}

bool message_matches(const Filter& filter, const queue::Envelope& envelope, WallTime now) {
  const auto age = now - envelope.received_at;
  if (filter.older_than && age < *filter.older_than) return false;
  if (filter.younger_than && age >= *filter.younger_than) return false;
  if (filter.larger_than && envelope.size <= *filter.larger_than) return false;
  if (filter.smaller_than && envelope.size >= *filter.smaller_than) return false;
  if (!filter.ids.empty() && std::ranges::find(filter.ids, envelope.id) == filter.ids.end())
    return false;
  return sender_matches(filter.sender, envelope.sender);
}

Result<> set_address(std::string& member, std::string_view text) {
  if (text.empty() || text.size() > kPatternMax)
    return fail(Fault::malformed, "expected an address such as me@client.example or *@far.example");
  member = fold_domain(without_brackets(text));
  return {};
}

Result<> set_sender(Filter& filter, std::string_view text) {
  return set_address(filter.sender, text);
}
Result<> set_recipient(Filter& filter, std::string_view text) {
  return set_address(filter.recipient, text);
}
Result<> set_name(std::string& member, std::string_view text) {
  if (text.empty() || text.size() > kPatternMax)
    return fail(Fault::malformed, "expected a name such as far.example");
  member = ascii_lower(text);
  return {};
}
Result<> set_domain(Filter& filter, std::string_view text) { return set_name(filter.domain, text); }
Result<> set_destination(Filter& filter, std::string_view text) {
  return set_name(filter.destination, text);
}
Result<> set_state(Filter& filter, std::string_view text) {
  const std::string name = ascii_lower(text);
  if (std::ranges::find(kStates, name) == kStates.end())
    return fail(Fault::malformed,
                "expected pending, deferred, held, failed or bounced; found " + printable(text));
  filter.state = name;
  return {};
}

template <class Value>
Result<> take(std::optional<Value>& member, Result<Value> value) {
  if (!value) return fail(value.error());
  member = *value;
  return {};
}
Result<> set_older(Filter& filter, std::string_view text) {
  return take(filter.older_than, parse_duration(text));
}
Result<> set_younger(Filter& filter, std::string_view text) {
  return take(filter.younger_than, parse_duration(text));
}
Result<> set_larger(Filter& filter, std::string_view text) {
  return take(filter.larger_than, parse_size(text));
}
Result<> set_smaller(Filter& filter, std::string_view text) {
  return take(filter.smaller_than, parse_size(text));
}

struct Word {
  FilterWord word;
  Result<> (*set)(Filter&, std::string_view);
};

// clang-format off
constexpr std::array kWords{
    Word{{"sender", "ADDRESS", "From this sender; * stands for any text, <> is the null sender"}, set_sender},
    Word{{"recipient", "ADDRESS", "For this recipient; * stands for any text"}, set_recipient},
    Word{{"domain", "DOMAIN", "For recipients at this domain"}, set_domain},
    Word{{"destination", "NAME", "By this next hop: mx:far.example, or its host alone"}, set_destination},
    Word{{"state", "STATE", "pending, deferred, held, failed or bounced"}, set_state},
    Word{{"older_than", "AGE", "Accepted longer ago than 30m, 2h, 5d"}, set_older},
    Word{{"younger_than", "AGE", "Accepted less long ago than that"}, set_younger},
    Word{{"larger_than", "SIZE", "Of more octets than 10kB, 1MiB"}, set_larger},
    Word{{"smaller_than", "SIZE", "Of fewer octets than that"}, set_smaller},
};
// clang-format on

Result<> set_ids(Filter& filter, const json::value& value) {
  const json::array* list = value.if_array();
  if (list == nullptr) return fail(Fault::malformed, "ids: expected a list of queue ids");
  if (list->size() > kFilterIdsMax)
    return fail(Fault::malformed, "ids: at most " + std::to_string(kFilterIdsMax));
  for (const json::value& element : *list) {
    const json::string* text = element.if_string();
    const auto id = text == nullptr ? std::nullopt : parse_queue_id(*text);
    if (!id)
      return fail(Fault::malformed,
                  (text == nullptr ? "ids" : printable(*text)) + std::string(" is not a queue id"));
    filter.ids.push_back(*id);
  }
  return {};
}

}  // namespace

bool Filter::empty() const { return *this == Filter(); }

const std::vector<FilterWord>& filter_words() {
  static const std::vector<FilterWord> words = [] {
    std::vector<FilterWord> all;
    for (const Word& word : kWords) all.push_back(word.word);
    return all;
  }();
  return words;
}

Result<> set(Filter& filter, std::string_view name, std::string_view text) {
  for (const Word& word : kWords) {
    if (word.word.name != name) continue;
    const Result<> done = word.set(filter, text);
    if (!done) return fail(Fault::malformed, std::string(name) + ": " + done.error().text());
    return {};
  }
  std::string known;
  for (const Word& word : kWords) known.append(word.word.name).append(", ");
  return fail(Fault::malformed,
              "no such filter: " + printable(name) + "; there are " + known + "and ids");
}

json::object to_json(const Filter& filter) {
  json::object object;
  const auto put_text = [&object](std::string_view name, const std::string& text) {
    if (!text.empty()) object[name] = text;
  };
  put_text("sender", filter.sender);
  put_text("recipient", filter.recipient);
  put_text("domain", filter.domain);
  put_text("destination", filter.destination);
  put_text("state", filter.state);
  const auto put_time = [&object](std::string_view name, const auto& time) {
    if (time) object[name] = std::to_string(time->count()) + "s";
  };
  put_time("older_than", filter.older_than);
  put_time("younger_than", filter.younger_than);
  if (filter.larger_than) object["larger_than"] = std::to_string(*filter.larger_than);
  if (filter.smaller_than) object["smaller_than"] = std::to_string(*filter.smaller_than);
  if (!filter.ids.empty()) {
    json::array& ids = object["ids"].emplace_array();
    for (const QueueId id : filter.ids) ids.emplace_back(text(id));
  }
  return object;
}

Result<Filter> parse_filter(const json::object& object) {
  Filter filter;
  for (const auto& [name, value] : object) {
    Result<> done;
    if (name == "ids")
      done = set_ids(filter, value);
    else if (const json::string* text = value.if_string())
      done = set(filter, name, *text);
    else
      done = fail(Fault::malformed, printable(name) + ": expected a string");
    if (!done) return fail(done.error());
  }
  return filter;
}

std::string Vantage::destination(const queue::Recipient& recipient,
                                 const queue::Standing& standing) const {
  return standing.route.empty() ? destination_of(recipient) : standing.route;
}

std::vector<std::uint32_t> matching(const Filter& filter, const queue::Listed& listed,
                                    const Vantage& vantage) {
  std::vector<std::uint32_t> found;
  if (!message_matches(filter, listed.envelope, vantage.now)) return found;
  const auto is_meant = [&](std::uint32_t index) {
    const queue::Recipient& recipient = listed.envelope.recipients[index];
    const queue::Standing& standing = listed.standings.at(index);
    if (!filter.state.empty() && state_name(standing) != filter.state) return false;
    if (!filter.domain.empty() && !glob(filter.domain, recipient.address.host_text())) return false;
    if (!recipient_matches(filter.recipient, recipient)) return false;
    return filter.destination.empty() ||
           is_destination(filter.destination, vantage.destination(recipient, standing));
  };
  for (std::uint32_t i = 0; i < listed.envelope.recipients.size(); ++i)
    if (is_meant(i)) found.push_back(i);
  return found;
}

std::vector<std::uint32_t> without_over(std::vector<std::uint32_t> recipients,
                                        const queue::Listed& listed) {
  std::erase_if(recipients, [&](std::uint32_t i) { return is_over(listed.standings.at(i).state); });
  return recipients;
}

std::string_view state_name(const queue::Standing& standing) noexcept {
  return standing.held && !is_final(standing.state) ? "held" : queue::name(standing.state);
}

std::string_view destination_host(std::string_view destination) noexcept {
  const auto kind = destination.find(':');
  if (kind == std::string_view::npos) return destination;
  std::string_view host = destination.substr(kind + 1);
  if (destination.starts_with("mx:") || host.starts_with('/')) return host;
  const auto port = host.rfind(':');
  if (port != std::string_view::npos) host = host.substr(0, port);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

bool is_destination(std::string_view text, std::string_view destination) {
  if (iequals(text, destination)) return true;
  const auto kind = destination.find(':');
  if (kind == std::string_view::npos) return false;
  return iequals(text, destination_host(destination)) ||
         iequals(text, destination.substr(kind + 1));
}

}  // namespace veredus::manage
