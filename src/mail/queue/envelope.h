// The envelope: all that travels with a message but is not in it, from our 250 to its last outcome.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "mail/queue/sender_key.h"
#include "wire/smtp/address.h"
#include "wire/smtp/params.h"

namespace veredus::queue {

struct Recipient {
  smtp::Address address;  ///< Where it goes, after aliases.
  std::string original;   ///< What RCPT said, when an alias changed it; else empty.
  std::optional<smtp::OriginalRecipient> orcpt;  ///< RFC 3461 §4.2
  std::optional<smtp::Notify> notify;            ///< RFC 3461 §4.1; absent: as §5.2.1 says.
  std::string unknown = {};                      ///< Fields of a newer format, as they were read.
};

/// How the message came to us: for headers, trace, policy and bounces.
struct Origin {
  std::string client;  ///< Endpoint text, or empty for mail of our own.
  std::string helo;
  std::string protocol;       ///< As in Received `with` (RFC 3848): ESMTP, ESMTPSA, LMTP, ...
  std::string auth_identity;  ///< Account that authenticated; or empty.
  std::uint64_t session = 0;  ///< SessionId.
  std::string tls = {};       ///< Version, cipher, and what its certificate was good for; or empty.
};

struct Envelope {
  QueueId id{};
  smtp::ReversePath sender;
  std::vector<Recipient> recipients;
  WallTime received_at{};
  std::uint64_t size = 0;         ///< Octets of the message as stored, our Received field included.
  std::uint32_t chunk_count = 0;  ///< Of its blob (storage::kChunkBytes each but the last).
  smtp::Body body = smtp::Body::seven_bit;
  bool utf8 = false;                 ///< SMTPUTF8 (RFC 6531) was asked for.
  std::optional<smtp::Ret> ret;      ///< RFC 3461 §4.3
  std::optional<std::string> envid;  ///< Decoded (RFC 3461 §4.4).
  std::string message_id;            ///< Message-ID field's value, for trace; or empty.
  Origin origin;
  std::string unknown = {};  ///< Fields of a newer format, as they were read.
};

/// The form on disk: a version octet, then tagged fields; a reader skips and keeps tags it does
/// not know. docs/queue.md has the table.
std::string encode(const Envelope& envelope);
/// Errors: malformed (cut off, not this format, or an address that is none).
[[nodiscard]] Result<Envelope> decode_envelope(std::string_view octets);
SenderKey sender_key(const Envelope& envelope);

/// What the schedule needs of an envelope to start.
struct BriefEnvelope {
  std::vector<Recipient> recipients;
  SenderKey sender{};
};
/// Reads only that of what encode() wrote. Errors as decode_envelope.
[[nodiscard]] Result<BriefEnvelope> decode_brief(std::string_view octets);

/// What became of one recipient. The numbers are on disk.
enum class State : std::uint8_t {
  pending = 0,    ///< Not tried yet.
  deferred = 1,   ///< Tried; to be tried again at `next_attempt`.
  delivered = 2,  ///< In the mailbox, or taken over by LMTP.
  relayed = 3,    ///< The next hop answered 250.
  failed = 4,     ///< For good; the sender was not told yet.
  bounced = 5,    ///< For good, and the sender was told, or nobody is to be told.
  removed = 6,    ///< By an operator.
};
std::string_view name(State state) noexcept;
/// True when nothing more will be tried.
constexpr bool is_final(State state) noexcept {
  return state != State::pending && state != State::deferred;
}
/// True when nothing more is to be done at all: the recipient needs the message no longer.
constexpr bool is_over(State state) noexcept { return is_final(state) && state != State::failed; }

/// Where one recipient stands.
struct Standing {
  State state = State::pending;
  std::uint32_t attempts = 0;
  WallTime next_attempt{};  ///< For deferred.
  WallTime last_attempt{};
  std::string reply;         ///< The last reply, or our own reason, in full; or empty.
  std::string remote;        ///< Who said so: host and address; empty when it was us.
  bool warned = false;       ///< The sender was told that it takes long.
  bool held = false;         ///< By an operator: not tried until it is released.
  std::string route = {};    ///< Destination that an operator chose; or empty.
  std::string unknown = {};  ///< Fields of a newer format, as they were read.
};
std::string encode(const Standing& standing);
[[nodiscard]] Result<Standing> decode_standing(std::string_view octets);

}  // namespace veredus::queue
