// Which messages, and which of their recipients, an operator means.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "mail/queue/queue.h"

namespace veredus::manage {

/// All that is set must hold; nothing set means everything. What is said of recipients
/// (recipient, domain, destination, state) picks those of a message for which all of it holds;
/// without any of these, all recipients of a message that the rest is true of.
struct Filter {
  /// `me@client.example`, with `*` for any octets; `<>` is the null sender. Case matters left of
  /// the last @ alone.
  std::string sender;
  /// The same, of where it goes or what RCPT said.
  std::string recipient;
  std::string domain;  ///< Of the recipient, `*` for any octets, whatever the case.
  /// A next hop's name, such as `mx:far.example`, or its host alone, such as `far.example`.
  std::string destination;
  std::string state;  ///< As state_name() says it.
  std::optional<std::chrono::seconds> older_than;
  std::optional<std::chrono::seconds> younger_than;
  std::optional<std::uint64_t> larger_than;   ///< Octets.
  std::optional<std::uint64_t> smaller_than;  ///< Octets.
  std::vector<QueueId> ids;                   ///< Any of these; none: any.

  bool empty() const;
  friend bool operator==(const Filter&, const Filter&) = default;
};

/// A filter's words, for help and errors.
struct FilterWord {
  std::string_view name;  ///< As in JSON; an option says `-` for `_`.
  std::string_view value;
  std::string_view meaning;
};
/// In the order to show them; `ids` is not among them.
const std::vector<FilterWord>& filter_words();

/// Sets one from its text, such as `older_than` from `2h`. Errors: malformed; the text says what
/// was expected.
[[nodiscard]] Result<> set(Filter& filter, std::string_view name, std::string_view text);

/// An object with a string for each that is set, as set() reads it, and `ids`, a list of strings.
boost::json::object to_json(const Filter& filter);
/// Errors: malformed, naming the member.
[[nodiscard]] Result<Filter> parse_filter(const boost::json::object& object);
inline constexpr std::size_t kFilterIdsMax = 1000;

/// What a filter is held against.
struct Vantage {
  WallTime now{};
  queue::Queue::DestinationOf destination_of;

  /// Where a recipient goes: as an operator chose, or as it is routed.
  std::string destination(const queue::Recipient& recipient, const queue::Standing& standing) const;
};

/// The recipients that are meant, as indexes in ascending order; none: not this message.
std::vector<std::uint32_t> matching(const Filter& filter, const queue::Listed& listed,
                                    const Vantage& vantage);

/// Those of these recipients that still need the message.
std::vector<std::uint32_t> without_over(std::vector<std::uint32_t> recipients,
                                        const queue::Listed& listed);

/// `held`, or the state's own name. Held is shown instead of pending and deferred.
std::string_view state_name(const queue::Standing& standing) noexcept;

/// The host in a next hop's name: `far.example` of `mx:far.example`, `relay.example` of
/// `smtp:relay.example:587`; the whole of `local`.
std::string_view destination_host(std::string_view destination) noexcept;
/// True when `text` is the whole name or its host, whatever the case.
bool is_destination(std::string_view text, std::string_view destination);

}  // namespace veredus::manage
