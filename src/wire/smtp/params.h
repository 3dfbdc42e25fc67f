// Parameters of MAIL and RCPT: the list as written, and what its members mean.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/container/small_vector.hpp>

#include "base/result.h"
#include "wire/smtp/address.h"
#include "wire/smtp/extension.h"

namespace veredus::smtp {

inline constexpr std::size_t kParamsMax = 32;  ///< More than all extensions together define.

/// One `KEYWORD` or `KEYWORD=value`. The grammar knows no empty value, so an empty `value` means
/// that none was written.
struct EsmtpParam {
  std::string keyword;  ///< In upper case.
  std::string value;    ///< As written.

  friend bool operator==(const EsmtpParam&, const EsmtpParam&) = default;
};

/// As many as one command usually has need no memory of their own.
using EsmtpParams = boost::container::small_vector<EsmtpParam, 2>;

/// Parses the parameters after the path of MAIL or RCPT.
///
///   Mail-parameters = esmtp-param *(SP esmtp-param)
///   esmtp-param     = esmtp-keyword ["=" esmtp-value]          (RFC 5321 §4.1.2)
///
/// `text` is what follows the path, beginning with SP, without CRLF. The result owns its strings
/// and holds at most kParamsMax of them, keywords upper-cased. Several spaces are read as one.
/// UTF-8 in a value is kept (RFC 6531 §3.3). A repeated keyword is malformed: no extension defines
/// one, and taking the first or the last would let two hops disagree.
[[nodiscard]] Result<EsmtpParams> parse_params(std::string_view text);

/// The list as it goes on the wire, each member with its leading space.
std::string render(const EsmtpParams& params);

/// What the client says the body contains (RFC 6152 §2, RFC 3030 §3).
enum class Body : std::uint8_t { seven_bit, eight_bit_mime, binary_mime };
/// How much of a message a failure notice returns (RFC 3461 §4.3).
enum class Ret : std::uint8_t { full, headers };

/// When the sender wants to hear about a recipient (RFC 3461 §4.1). All false is NOTIFY=NEVER.
struct Notify {
  bool success = false;
  bool failure = false;
  bool delay = false;

  friend bool operator==(const Notify&, const Notify&) = default;
};

/// The recipient as the sender first wrote it (RFC 3461 §4.2).
struct OriginalRecipient {
  std::string type;     ///< Lower case: "rfc822", "utf-8", ...
  std::string address;  ///< Decoded from xtext; any octets that are not control.

  friend bool operator==(const OriginalRecipient&, const OriginalRecipient&) = default;
};

/// Parameters of MAIL. Absent means that the client did not say.
struct MailParams {
  std::optional<std::uint64_t> size;  ///< Octets the message will have (RFC 1870 §3).
  std::optional<Body> body;
  bool smtputf8 = false;  ///< RFC 6531 §3.4
  std::optional<Ret> ret;
  std::optional<std::string> envid;  ///< Decoded from xtext (RFC 3461 §4.4).
  /// Who submitted it, decoded; empty is AUTH=<>, "not known" (RFC 4954 §5).
  std::optional<std::string> auth;

  friend bool operator==(const MailParams&, const MailParams&) = default;
};

/// Parameters of RCPT. Absent means that the client did not say.
struct RcptParams {
  std::optional<Notify> notify;
  std::optional<OriginalRecipient> orcpt;

  friend bool operator==(const RcptParams&, const RcptParams&) = default;
};

/// Read the list, allowing only what belongs to an extension in `announced`.
/// Errors: refused   — a parameter we did not announce  (say 555 5.5.4, RFC 5321 §4.1.1.11)
///         malformed — a value that its extension forbids (say 501 5.5.4)
/// reply_for_params() in reply.h says so.
[[nodiscard]] Result<MailParams> read_mail_params(const EsmtpParams& params,
                                                  ExtensionSet announced);
[[nodiscard]] Result<RcptParams> read_rcpt_params(const EsmtpParams& params,
                                                  ExtensionSet announced);

/// The list to send to a peer, which must have announced the extensions used.
EsmtpParams write_params(const MailParams& params);
EsmtpParams write_params(const RcptParams& params);

/// xtext: '+', '=', controls, space and 8-bit octets as +HH (RFC 3461 §4).
std::string xtext_encode(std::string_view octets);
/// Malformed for anything xtext_encode could not have meant; UTF-8 standing for itself is kept.
[[nodiscard]] Result<std::string> xtext_decode(std::string_view text);

}  // namespace veredus::smtp
