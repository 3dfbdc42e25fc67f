// What the source sends: one message, rendered once, and the commands that go before it.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace veredus::bench {

struct MailingOrder {
  std::string sender;     ///< A mailbox address.
  std::string recipient;  ///< Another.
  /// More than 0: the Kth message goes to LOCAL@d<K mod domains>.DOMAIN.
  std::uint64_t domains = 0;
  std::uint64_t octets = 4096;  ///< Of the text after the header, as smtp-source counts.
  std::uint64_t run = 0;        ///< Makes Message-IDs of different runs differ.
};

/// Immutable; any thread may use it.
class Mailing {
 public:
  Mailing(MailingOrder order, WallTime now);

  /// MAIL, with its CRLF.
  std::string_view mail() const noexcept { return mail_; }
  /// Appends the RCPT of the `number`th message, with its CRLF.
  void add_rcpt(std::uint64_t number, std::string& out) const;
  /// What follows 354, up to the final dot: a line that is another in each message, then the rest.
  std::string message_id(std::uint64_t number) const;
  std::string_view rest() const noexcept { return rest_; }

 private:
  MailingOrder order_;
  std::string mail_;
  std::string local_part_;
  std::string domain_;
  std::string rest_;
};

/// Lines of letters that are `octets` long together, each CRLF counted; no line begins with a dot.
std::string filler(std::uint64_t octets);

}  // namespace veredus::bench
