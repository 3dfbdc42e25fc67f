// Submitted mail: what the first server adds to a message that its writer left incomplete, what
// it takes away, and whom the header names (RFC 6409 §8, RFC 5322 §3.6).
//
// Added in front, when missing: Date, Message-ID and, where the caller gives one, From. Taken away:
// Bcc and Resent-Bcc with their folding, and the mbox separator "From " before the first field,
// which no transport carries. A header that the body follows without an empty line gets one: it
// would not end where its writer meant it to once fields stand in front. All other octets stay as
// they are.
//
// What a submission server does about From (RFC 6409 §6.1, §8.1): a missing one is added, as it is
// by Postfix and Exim, who know the sender as well as we do; one that names no usable address, or
// that stands there twice, is refused by authors(), since readers would disagree about who wrote.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/mime/address_list.h"
#include "wire/mime/header.h"

namespace veredus::mime {

/// What is written into fields that are missing.
struct Completion {
  std::chrono::system_clock::time_point time;
  std::chrono::minutes offset{0};  ///< Of the Date, east of UTC.
  std::uint64_t random = 0;        ///< Makes the Message-ID unique.
  std::string hostname;            ///< On the right of the Message-ID.
  std::string from = {};  ///< The body of a From field; empty: a missing one stays missing.
};

/// Changes to a header section, in its offsets.
struct HeaderEdits {
  struct Span {
    std::size_t offset = 0;
    std::size_t octets = 0;
    friend bool operator==(const Span&, const Span&) = default;
  };

  std::string added;          ///< Whole fields; to stand in front of the message.
  std::vector<Span> removed;  ///< In order, apart from each other.

  bool empty() const noexcept { return added.empty() && removed.empty(); }
  /// `header`, the same that complete() was given, with the edits done.
  std::string applied_to(std::string_view header) const;
};

/// `header` is the section as HeaderScanner::header() gives it; octets behind it do no harm.
HeaderEdits complete(std::string_view header, const Completion& completion);

/// complete() for a message that arrives in pieces. Holds octets back until the header has ended,
/// HeaderScanner::kOctetsMax of them at most and one piece.
///
///   HeaderCompleter completer(completion);
///   while (more) completer.is_open() ? completer.feed(piece, out) : out += piece;
///   completer.finish(out);
class HeaderCompleter {
 public:
  explicit HeaderCompleter(Completion completion) : completion_(std::move(completion)) {}

  /// True while the header has not ended: all octets must come through feed().
  bool is_open() const noexcept { return open_; }
  /// Takes the message's next octets and appends to `out` what is final of it: nothing until the
  /// header has ended, then the completed header and what follows it.
  void feed(std::string_view octets, std::string& out);
  /// The message is over; a header without an empty line ends here.
  void finish(std::string& out);

  /// The header as it came; over_limit() when it is too large: then the message was passed on
  /// unchanged, and should be refused as any other with such a header.
  const HeaderScanner& scanner() const noexcept { return scanner_; }

 private:
  void conclude(std::string& out);

  Completion completion_;
  HeaderScanner scanner_;
  std::string held_;
  bool open_ = true;
};

/// Whom a header names as recipients: To, Cc and Bcc, or when there are any, Resent-To, Resent-Cc
/// and Resent-Bcc instead (RFC 5322 §3.6.6). For `sendmail -t`.
struct HeaderRecipients {
  std::vector<Mailbox> mailboxes;  ///< In order of appearance, each address once.
  bool well_formed = true;         ///< Nothing had to be guessed, skipped or cut at a limit.
};
HeaderRecipients recipients_of(std::string_view header);

/// The mailboxes of the From field; none when there is no From. Errors: malformed, with a text for
/// the writer: several From fields, or one that is no list of addresses with domains.
[[nodiscard]] Result<std::vector<Mailbox>> authors(std::string_view header);

/// The body of a From field: `address`, or `Name <address>` with the name (UTF-8) quoted or as
/// encoded words where it must be (RFC 5322 §3.4, RFC 2047 §5). Control characters of the name
/// become spaces. `address` is written as it is.
std::string from_body(std::string_view name, std::string_view address);

}  // namespace veredus::mime
