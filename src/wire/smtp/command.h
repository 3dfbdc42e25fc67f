// Command lines a client sends (RFC 5321 §4.1.1).

#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "wire/smtp/address.h"
#include "wire/smtp/params.h"

namespace veredus::smtp {

enum class Verb : std::uint8_t {
  unknown,
  ehlo,
  helo,
  lhlo,  ///< RFC 2033 §4.1
  mail,
  rcpt,
  data,
  bdat,  ///< RFC 3030 §2
  rset,
  noop,
  vrfy,
  expn,
  help,
  quit,
  starttls,  ///< RFC 3207 §4
  auth,      ///< RFC 4954 §4
  etrn,      ///< RFC 1985 §5
};

/// The name as sent on the wire, upper case; "?" for unknown.
std::string_view name(Verb verb) noexcept;

/// A command line, split. Borrows it.
struct Command {
  Verb verb = Verb::unknown;
  std::string_view args;    ///< What follows the verb, without surrounding spaces.
  std::string_view reason;  ///< Why an unknown verb is unknown, for the reply; a constant text.
};

/// Splits `line` (without CRLF). The verb's case does not matter; spaces round the arguments are
/// dropped (RFC 5321 §4.1.1). A line with a control octet is unknown whatever its verb: NUL or a
/// bare CR in a command is an attack or a broken client. Never fails.
[[nodiscard]] Command parse_command(std::string_view line);

/// True for the first line of an HTTP request ("POST / HTTP/1.1"): a browser or a proxy was made to
/// talk to us, and what follows would be its body read as commands. Cut such a session.
[[nodiscard]] bool looks_like_http(std::string_view line) noexcept;

/// How exact the argument of HELO, EHLO and LHLO must be.
enum class HeloRule : std::uint8_t {
  strict,   ///< A Domain or an address literal (RFC 5321 §4.1.1.1).
  lenient,  ///< Also names with underscores, bare IP addresses and the like, as real clients send.
};

/// What the client calls itself. Fit for logs and trace fields: no control octet, no space.
struct HeloName {
  std::string text;                       ///< As sent, but for surrounding spaces.
  std::optional<Domain> domain;           ///< When it is a proper domain.
  std::optional<AddressLiteral> literal;  ///< When it is an address literal.
};

/// Parses the arguments of HELO, EHLO or LHLO. At most 255 octets; only the first word counts when
/// lenient. Errors: malformed.
[[nodiscard]] Result<HeloName> parse_helo(std::string_view args, HeloRule rule = HeloRule::lenient);

/// Why the arguments of MAIL or RCPT were not taken, and which part of them it was: each has a
/// status code of its own (RFC 3463 §3.2 and §3.6).
class ArgumentError : public Error {
 public:
  enum class Part : std::uint8_t { path, params };
  ArgumentError(Part part, Error error) : Error(std::move(error)), part_(part) {}
  Part part() const noexcept { return part_; }

 private:
  Part part_;
};

/// MAIL FROM:<reverse-path> [SP parameters] (RFC 5321 §4.1.1.2).
struct MailCommand {
  ReversePath path;
  EsmtpParams params;  ///< For read_mail_params().
};

/// RCPT TO:<forward-path> [SP parameters] (RFC 5321 §4.1.1.3).
struct RcptCommand {
  ForwardPath path;
  EsmtpParams params;  ///< For read_rcpt_params().
};

/// Parse the arguments of MAIL ("FROM:<a@b> SIZE=1") and RCPT ("TO:<a@b>"). With SMTPUTF8 among the
/// parameters of MAIL its local part may be UTF-8; for RCPT say so in `options`.
/// Errors: malformed; refused when the address is not ASCII and may not be so; overloaded when
/// there are more than kParamsMax parameters.
[[nodiscard]] std::expected<MailCommand, ArgumentError> parse_mail(std::string_view args,
                                                                   AddressOptions options = {});
[[nodiscard]] std::expected<RcptCommand, ArgumentError> parse_rcpt(std::string_view args,
                                                                   AddressOptions options = {});

/// BDAT chunk-size [SP LAST] (RFC 3030 §2).
struct BdatCommand {
  std::uint64_t octets = 0;  ///< How many octets follow the command line.
  bool last = false;
};
[[nodiscard]] Result<BdatCommand> parse_bdat(std::string_view args);

/// AUTH mechanism [SP initial-response] (RFC 4954 §4).
struct AuthCommand {
  std::string mechanism;  ///< In upper case.
  /// In base64 as the client sent it, `=` for an empty one; nothing when there is none.
  std::optional<std::string> initial;
};
/// Errors: malformed (no mechanism, a name that RFC 4422 §3.1 does not allow, a third word).
[[nodiscard]] Result<AuthCommand> parse_auth(std::string_view args);

}  // namespace veredus::smtp
