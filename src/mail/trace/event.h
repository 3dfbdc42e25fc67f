// What happened to a message: the events of its story, as values and as octets.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace veredus::trace {

/// The numbers are on disk.
enum class Kind : std::uint8_t {
  accepted = 1,  ///< We said 250, or made the message ourselves.
  attempt = 2,   ///< Some recipients of one destination were tried, or given up for its sake.
  notice = 3,    ///< The sender was told, or would have been: `text` says why not.
  order = 4,     ///< An operator changed something; `text` says what.
};
std::string_view name(Kind kind) noexcept;

/// Which members are set depends on the kind; what is empty was not known.
struct Event {
  Kind kind = Kind::accepted;
  WallTime at{};
  std::vector<std::string> recipients = {};  ///< Of whom this is told.

  // accepted
  std::string sender = {};  ///< Empty: the null sender.
  std::string client = {};
  std::string helo = {};
  std::string protocol = {};
  std::string account = {};  ///< That authenticated.
  std::string message_id = {};
  std::uint64_t size = 0;  ///< Octets.

  // attempt
  std::string state = {};        ///< queue::name() of what it came to.
  std::uint32_t attempt = 0;     ///< Its number, from 1.
  std::string destination = {};  ///< The next hop's name.
  std::string passed_over = {};  ///< Hosts that were tried before `remote`, and why not.
  std::string remote = {};       ///< Host and address that answered.
  std::string tls = {};          ///< Version, cipher and whether verified; of `accepted` too.
  std::string reply = {};        ///< Remote reply, or our reason.
  std::chrono::milliseconds duration{};
  WallTime next_attempt{};

  // notice, order
  std::string text = {};  ///< "failure", "delay", "held", ...; with detail.
  QueueId related{};      ///< The notice's own id; 0: none was sent.
};

/// Several events as one record: a version octet, then each with its length; unknown fields of a
/// newer format are skipped.
std::string encode(const std::vector<Event>& events);
/// Errors: malformed.
[[nodiscard]] Result<std::vector<Event>> decode(std::string_view octets);

}  // namespace veredus::trace
