// Delivery status notifications: what a mail server says about each recipient (RFC 3464).

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/mime/date.h"
#include "wire/smtp/reply.h"

namespace veredus::dsn {

/// A value and what kind of value it is: `rfc822; a@b`, `dns; host`, `smtp; 550 no`.
struct Typed {
  std::string type;  ///< Lower case; "" when the writer gave none.
  /// As people write it. An address of type "utf-8" is in UTF-8, its \x{...} decoded.
  std::string text;

  friend bool operator==(const Typed&, const Typed&) = default;
};

/// RFC 3464 §2.3.3.
enum class Action : std::uint8_t { failed, delayed, delivered, relayed, expanded };
std::string_view name(Action action) noexcept;
/// The word a field begins with, whatever its case, and "expired", which some write for a failure;
/// nothing for any other.
std::optional<Action> parse_action(std::string_view text);

/// The per-recipient fields (RFC 3464 §2.3). What is not there was not said.
struct RecipientReport {
  std::optional<Typed> original_recipient;
  Typed final_recipient;  ///< Required when written.
  std::optional<Action> action;
  std::optional<smtp::EnhancedStatus> status;
  std::optional<Typed> remote_mta;
  std::optional<Typed> diagnostic_code;
  std::optional<mime::Date> last_attempt;
  std::optional<mime::Date> will_retry_until;

  friend bool operator==(const RecipientReport&, const RecipientReport&) = default;
};

/// The content of a message/delivery-status part (RFC 3464 §2.1).
struct Report {
  std::string original_envelope_id;  ///< Decoded from xtext; or empty.
  Typed reporting_mta;               ///< Required when written.
  std::optional<Typed> received_from_mta;
  std::optional<mime::Date> arrival_date;
  std::vector<RecipientReport> recipients;

  friend bool operator==(const Report&, const Report&) = default;
};

/// The part's content: ASCII in lines of at most 998 octets that end with CRLF. Whatever the
/// texts contain, they stay inside of their fields. An address that is not ASCII goes out as type
/// utf-8 in the 7-bit form of RFC 6533 §3, so that every reader and every next hop can take it.
std::string write(const Report& report);

struct ReportLimits {
  std::size_t recipients_max = 1000;   ///< Those that follow are dropped.
  std::size_t text_octets_max = 4000;  ///< Of one value; what is longer is cut.
};

/// Reads what others wrote. Never fails: recipients without an empty line between them, fields in
/// the wrong group, missing types, comments and lines that are no fields are all in use, and what
/// makes no sense is skipped. Lines may end with LF alone. Xtext in an address is not decoded:
/// RFC 3464 §2.3.1 has it decoded, and "+" is an ordinary character of addresses.
Report read_report(std::string_view content, const ReportLimits& limits = {});

/// The 7-bit form of an address of type utf-8 (RFC 6533 §3): \x{C5}, and what xtext cannot hold.
/// Octets that are not UTF-8 are written as \x{FFFD}.
std::string encode_utf8_address(std::string_view utf8);
/// Undoes it; what is no such form stays as it is.
std::string decode_utf8_address(std::string_view text);

}  // namespace veredus::dsn
