// Why mail was not delivered, in words for the person who wrote it: one table of classes, and what
// servers say mapped to it.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/smtp/reply.h"

namespace veredus::notice {

enum class ReasonClass : std::uint8_t {
  mailbox_unknown,        ///< No such user there.
  mailbox_full,           ///< Over quota.
  mailbox_disabled,       ///< Was there once: disabled, moved, or takes no mail from this sender.
  refused_by_policy,      ///< Spam, virus, content, or a rule of the recipient's site.
  blocked_reputation,     ///< The sending IP address or domain is on a blocklist.
  sender_authentication,  ///< SPF, DKIM, DMARC or the sender's domain did not convince.
  rate_limited,           ///< Too much at a time; greylisting.
  too_large,
  too_many_recipients,
  tls_needed,
  authentication_needed,  ///< Log in first; relaying denied.
  dns_fault,              ///< No such domain, null MX (RFC 7505), no usable mail host.
  host_unreachable,       ///< No connection.
  connection_lost,        ///< Timeout, or cut in the middle.
  mail_loop,
  protocol_error,  ///< Bad syntax, an address that is none, a command out of order.
  remote_trouble,  ///< The other system has trouble of its own.
  expired,         ///< Tried for too long, and no better reason is known.
  encoding,        ///< 8-bit or international mail that the next hop does not take.
  unknown,
};
inline constexpr std::size_t kReasonClassCount = 20;

/// The stable name: "mailbox_unknown".
std::string_view name(ReasonClass reason) noexcept;
std::optional<ReasonClass> parse_reason_class(std::string_view name);

struct Reason {
  ReasonClass reason = ReasonClass::unknown;
  std::string cause;   ///< One or two sentences: what happened.
  std::string remedy;  ///< What the sender can do.
};

/// A site's own knowledge, tried before the built-in rules.
struct ReasonRule {
  std::string pattern;      ///< RE2 syntax, UTF-8, found anywhere in the reply whatever its case.
  std::string reason;       ///< Name of a class.
  std::string cause = {};   ///< Instead of the class's; or empty.
  std::string remedy = {};  ///< Instead of the class's; or empty.

  friend bool operator==(const ReasonRule&, const ReasonRule&) = default;
};

/// The reply of a Standing (mail/queue/envelope.h), taken apart. Borrows it.
///
///   reply = ["expired after" ... ": "] ( remote reply / own reason )
///   remote reply = code [SP status] SP text             550 5.1.1 No such user
///   own reason   = [status SP] text                     5.1.2 Domain x does not exist
struct ReplyParts {
  std::string_view expiry;  ///< "expired after 5 days"; or empty.
  std::string_view said;    ///< All that follows: code, status and text.
  std::string_view text;    ///< Without code and status.
  std::optional<int> code;
  std::optional<smtp::EnhancedStatus> status;
};
ReplyParts take_apart(std::string_view reply);

/// Thread-safe; copies share the compiled patterns.
class Reasons {
 public:
  /// Errors: malformed, one line for each bad rule, beginning with `key` and its pattern.
  [[nodiscard]] static Result<Reasons> make(const std::vector<ReasonRule>& rules,
                                            std::string_view key = "reason");

  /// By the site's rules, then by a status that means one thing only, by the words, by what else
  /// the status says, and by the code. Looks at the first 2000 octets, in time linear in them.
  Reason classify(std::string_view reply) const;

 private:
  struct Compiled;
  explicit Reasons(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace veredus::notice
