// Answers of machines: is a message a bounce, and what does it say about whom? Reads the standard
// forms, and what mail servers wrote and write without a standard.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/dsn/report.h"
#include "wire/smtp/reply.h"

namespace veredus::dsn {

enum class MailKind : std::uint8_t {
  none,        ///< None of those below: for people.
  report,      ///< With a machine-readable report of RFC 3464.
  bounce,      ///< A bounce in a form of its own.
  feedback,    ///< A complaint in the form of ARF (RFC 5965).
  auto_reply,  ///< Sent by a machine in answer to a message (RFC 3834).
};
std::string_view name(MailKind kind) noexcept;

/// What a bounce or complaint says about one recipient. What it does not say is absent or empty.
struct BouncedRecipient {
  std::string address;  ///< Without angle brackets; not checked, anyone may have written it.
  std::string original_address;  ///< As the sender wrote it, when that is told apart.
  std::optional<Action> action;
  std::optional<smtp::EnhancedStatus> status;
  std::string diagnostic;  ///< The words, on one line; any octets but line endings.
  std::string remote_mta;
};

struct Bounce {
  MailKind kind = MailKind::none;
  /// Whose form: "rfc3464", "arf", "qmail", "exim", ...; "other" for a bounce of no known form.
  std::string_view form;
  std::vector<BouncedRecipient> recipients;
  std::string original_message_id;  ///< Of the message that came back, without <>; or empty.
  std::string feedback_type;        ///< "abuse", "fraud", ... (RFC 5965 §3.1); for `feedback`.
};

/// Never fails and borrows nothing. A bounce without a standard is believed only when its sender
/// looks like a mail server too: people do quote bounces. At most ReportLimits::recipients_max
/// recipients; the work is linear in the size of the message.
Bounce read_bounce(std::string_view message);

}  // namespace veredus::dsn
