// Notices to senders: what became of their mail, for people and for programs (RFC 3461, RFC 3464).

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "mail/notice/reason.h"
#include "mail/notice/subject.h"
#include "mail/queue/message.h"
#include "mail/queue/notice.h"
#include "wire/smtp/address.h"

namespace veredus::notice {

struct NoticeConfig {
  std::string hostname;  ///< Ours, as Reporting-MTA (RFC 3464 §2.2.2). Required; a domain.
  /// Header address of notices; empty: MAILER-DAEMON@hostname. The envelope's sender is null.
  std::string from = {};
  /// Who hears of mail from the null sender that failed, most of it notices of ours to senders
  /// that do not exist (RFC 5321 §6.1); empty: nobody.
  std::string double_bounce_to = {};
  /// A message up to this size comes back whole, of a larger one only the header. 0 to 200 KiB.
  std::uint64_t message_bytes_max = std::uint64_t{50} * 1024;
  std::vector<ReasonRule> reasons = {};  ///< Tried before the built-in rules.
};
/// Errors: malformed, one line a complaint, each beginning with its key (`notice.from: ...`).
[[nodiscard]] Result<NoticeConfig> checked(NoticeConfig config);

/// Thread-safe and cheap to copy. README.md says who is told what.
class Composer {
 public:
  /// Errors: as checked().
  [[nodiscard]] static Result<Composer> make(NoticeConfig config);

  /// queue::ComposeNotice. The notice is a multipart/report (RFC 6522): a text for people, the
  /// report, and the message or its header. Strict CRLF, lines of at most 998 octets, 7-bit but for
  /// a returned message/rfc822 and for senders with UTF-8 in their address, whose next hop takes
  /// 8-bit mail anyway; mime::to_seven_bit() can convert all but the latter. Whatever servers and
  /// senders wrote stays inside of its field or line.
  /// Error: refused, nobody is to be told: the sender is null, or no recipient's NOTIFY asks.
  [[nodiscard]] Result<queue::Message> compose(const queue::NoticeRequest& request) const;

 private:
  Composer(NoticeConfig config, Reasons reasons, smtp::Address from,
           std::optional<smtp::Address> double_bounce_to);

  /// Who is told. Error: refused, with the reason why nobody is.
  [[nodiscard]] Result<queue::Recipient> addressee(const queue::NoticeRequest& request) const;
  /// The notice's header without the fields that describe its body.
  std::string header(const queue::NoticeRequest& request, const Subject& first,
                     const smtp::Address& to) const;
  enum class Path : std::uint8_t { any, utf8 };  ///< What hops the notice can be sent to.
  std::string body(const queue::NoticeRequest& request, std::span<const Subject> subjects,
                   Path path) const;
  /// With angle brackets; unique because the notice's own id is.
  std::string message_id(const queue::NoticeRequest& request) const;

  NoticeConfig config_;
  Reasons reasons_;
  smtp::Address from_;
  std::optional<smtp::Address> double_bounce_to_;
};

}  // namespace veredus::notice
