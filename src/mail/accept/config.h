// What the postmaster configures about receiving mail.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "wire/smtp/data_decoder.h"

namespace veredus::accept {

inline constexpr std::uint64_t kMiB = 1024 * 1024;

struct AcceptConfig {
  std::string hostname;                         ///< Our name in greeting and trace. Required.
  std::uint64_t message_bytes_max = 50 * kMiB;  ///< Announced by SIZE (RFC 1870). >= 64 KiB.
  std::uint32_t recipients_max = 1000;  ///< RCPTs per message. >= 100 (RFC 5321 §4.5.3.1.8).
  std::uint32_t expanded_recipients_max = 10000;  ///< Per message, after aliases.
  std::uint32_t command_octets_max = 4096;        ///< A line. >= 512 (RFC 5321 §4.5.3.1.4).
  std::uint32_t text_line_octets_max = 65536;     ///< In a message. >= 1000 (RFC 5321 §4.5.3.1.6).
  std::uint32_t hops_max = 100;                   ///< Received fields. >= 100 (RFC 5321 §6.3).
  std::uint32_t sessions_max = 2000;              ///< All listeners together. Over it: 421 4.3.2.
  std::uint32_t sessions_per_client_max = 50;     ///< Per address; trusted clients are exempt.
  std::uint32_t errors_max = 20;                  ///< In one session. Then 421 4.7.0.
  std::uint32_t errors_before_delay = 5;          ///< Errors answered at once; later ones wait.
  std::chrono::milliseconds error_delay{1000};    ///< How long they wait (tarpit).
  std::uint32_t idle_commands_max = 100;          ///< NOOP, RSET and the like without a message.
  std::chrono::seconds command_deadline{300};     ///< RFC 5321 §4.5.3.2.7: at least 5 minutes.
  std::chrono::seconds data_deadline{300};        ///< Between two pieces of a message.
  /// For a whole message: one octet now and then must not hold a session for days. An hour is
  /// message_bytes_max at 15 KB/s.
  std::chrono::seconds data_total_deadline{3600};
  /// Strangers wait this long for our greeting; who speaks meanwhile is sent away.
  std::chrono::milliseconds greeting_delay{100};
  std::chrono::seconds tls_deadline{60};      ///< For a TLS handshake.
  std::chrono::seconds stop_deadline{30};     ///< For sessions to end at shutdown.
  std::uint64_t memory_bytes_max = 1 * kMiB;  ///< Of one message; the rest streams to disk.
  /// Of all messages being received; over it each streams to disk what is a chunk or more.
  std::uint64_t memory_bytes_total_max = 256 * kMiB;
  smtp::BareNewline bare_newline = smtp::BareNewline::refuse;
  bool reverse_lookup = true;  ///< Ask DNS for the client's name (PTR).
};

/// What the postmaster configures about mail from our own users (RFC 6409).
struct SubmissionConfig {
  bool on_smtp = false;  ///< AUTH is offered on port 25 too.
  /// The From field names only addresses that the account may send as, as the envelope must.
  bool check_from = true;
  bool hide_client = false;                   ///< Received does not say where the mail came from.
  std::uint64_t recipients_per_hour = 1000;   ///< Of one account; 0: no limit.
  std::uint64_t recipients_per_day = 10'000;  ///< The same.

  friend bool operator==(const SubmissionConfig&, const SubmissionConfig&) = default;
};

/// Names the key it rejects.
[[nodiscard]] Result<AcceptConfig> checked(AcceptConfig config);

}  // namespace veredus::accept
