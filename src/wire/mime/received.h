// Trace fields: the Received of each hop, and what final delivery puts before a message.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "base/result.h"
#include "wire/mime/date.h"

namespace veredus::mime {

/// What we know of a message's reception. Octets that have no place in a trace field (control,
/// white space, parentheses, ...) are shown as '?', so no value can forge a clause or a line.
struct Trace {
  std::string helo;         ///< The client's argument of HELO, EHLO or LHLO; empty: never given.
  std::string client_name;  ///< Its verified reverse name; empty is shown as "unknown".
  std::optional<IpAddress> client_address;  ///< Nothing when handed over locally.
  std::string by;                           ///< Our host name.
  std::string protocol;    ///< "SMTP", "ESMTPSA", "LMTP", ... (RFC 3848, RFC 6531 §4.3)
  std::string id;          ///< Queue id.
  std::string recipient;   ///< Without <>; set only when the message has one (RFC 5321 §7.2).
  std::string tls_cipher;  ///< The `tls` clause of RFC 8314 §4.3; empty: none.
  std::string note;        ///< A comment after the id, e.g. "authenticated: you"; empty: none.
  std::chrono::system_clock::time_point time;
  std::chrono::minutes utc_offset{0};
};

/// The whole field, "Received: from ..." to its CRLF (RFC 5321 §4.4), folded before column 78
/// where the values allow it.
std::string received_field(const Trace& trace);

/// "Return-Path: <address>" CRLF (RFC 5321 §4.4). `reverse_path` is without <>, "" for the null
/// path; octets that could end the line are dropped.
std::string return_path_field(std::string_view reverse_path);
/// "Delivered-To: address" CRLF (RFC 9228 §3).
std::string delivered_to_field(std::string_view recipient);

/// Clauses of a Received field as another server wrote it. Empty: not there.
struct Received {
  std::string from;          ///< The name the client gave.
  std::string from_comment;  ///< Contents of the comments behind it, joined with a space.
  std::optional<IpAddress> from_address;  ///< The first address literal in `from` or its comments.
  std::string by;
  std::string via;
  std::string with;
  std::string id;
  std::string recipient;   ///< `for`, without <>.
  std::string tls_cipher;  ///< `tls`.
  std::optional<Date> date;
};

/// Reads the body of a Received field, folded or not. Tolerant: clauses in any order, unknown
/// words skipped, the first of a repeated clause wins.
/// Errors: malformed (no clause and no date), overloaded (over 64 KiB).
[[nodiscard]] Result<Received> parse_received(std::string_view body);

}  // namespace veredus::mime
