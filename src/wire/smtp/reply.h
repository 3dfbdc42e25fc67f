// Replies: ours on their way out, a peer's on their way in (RFC 5321 §4.2, RFC 2034, RFC 3463).

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace veredus::smtp {

inline constexpr std::size_t kReplyLineOctetsMax =
    512;  ///< With code and CRLF, RFC 5321 §4.5.3.1.5

/// class.subject.detail of RFC 3463 §2. The class is 2, 4 or 5.
class EnhancedStatus {
 public:
  /// For the codes we send ourselves: a wrong literal does not compile.
  consteval EnhancedStatus(int klass, int subject, int detail)
      : EnhancedStatus(Checked{}, klass, subject, detail) {
    if (!is_valid(klass, subject, detail)) throw "not an RFC 3463 status code";
  }
  /// For the codes a peer sent us: the whole of `text`.
  [[nodiscard]] static Result<EnhancedStatus> parse(std::string_view text);
  /// The one that a reply's text begins with (RFC 2034 §4), or nothing.
  [[nodiscard]] static std::optional<EnhancedStatus> leading(std::string_view text) noexcept;

  int klass() const noexcept { return klass_; }
  int subject() const noexcept { return subject_; }
  int detail() const noexcept { return detail_; }
  std::string text() const;

  friend bool operator==(const EnhancedStatus&, const EnhancedStatus&) = default;

 private:
  struct Checked {};
  constexpr EnhancedStatus(Checked /*tag*/, int klass, int subject, int detail) noexcept
      : klass_(static_cast<std::uint8_t>(klass)),
        subject_(static_cast<std::uint16_t>(subject)),
        detail_(static_cast<std::uint16_t>(detail)) {}
  static constexpr bool is_valid(int klass, int subject, int detail) noexcept {
    return (klass == 2 || klass == 4 || klass == 5) && subject >= 0 && subject <= 999 &&
           detail >= 0 && detail <= 999;
  }

  std::uint8_t klass_;
  std::uint16_t subject_;
  std::uint16_t detail_;
};

/// A reply we send. Whatever its text contains, what goes on the wire is printable ASCII in lines
/// of at most kReplyLineOctetsMax octets: no text can smuggle in another reply.
class Reply {
 public:
  /// `code` is 2yz, 4yz or 5yz and its first digit is the status's class.
  Reply(int code, EnhancedStatus status, std::string text);
  /// Without an enhanced status: the greeting, the replies to HELO and EHLO, and 3yz
  /// (RFC 2034 §4).
  Reply(int code, std::string text);

  /// Adds a line to a multi-line reply.
  Reply& add_line(std::string text) &;
  Reply&& add_line(std::string text) &&;

  int code() const noexcept { return code_; }
  const std::optional<EnhancedStatus>& status() const noexcept { return status_; }
  /// The first line's text, without code and status, as given.
  const std::string& text() const noexcept { return text_; }

  /// 2yz or 3yz.
  bool is_positive() const noexcept { return code_ < 400; }
  bool is_transient() const noexcept { return code_ >= 400 && code_ < 500; }
  bool is_permanent() const noexcept { return code_ >= 500; }

  /// Appends `code SP [status SP] text CRLF`, all lines but the last with '-' for the first SP.
  void append_to(std::string& wire) const;
  std::string render() const;

  friend bool operator==(const Reply&, const Reply&) = default;

 private:
  std::string text_;
  std::vector<std::string> more_;  ///< The texts of further lines.
  int code_;
  std::optional<EnhancedStatus> status_;
};

/// A reply a peer sent us.
struct PeerReply {
  int code = 0;  ///< 200..599
  /// From the first line, when its class is the code's first digit.
  std::optional<EnhancedStatus> status;
  /// What followed the code on each line, with the status, as sent; the lines parted by LF.
  std::string said;

  /// Of what was said; at least one. They live as long as that.
  std::vector<std::string_view> lines() const;

  /// 2yz or 3yz.
  bool is_positive() const noexcept { return code < 400; }
  bool is_transient() const noexcept { return code >= 400 && code < 500; }
  bool is_permanent() const noexcept { return code >= 500; }

  /// For people: the lines joined by spaces, without code and status. UTF-8 stays what it is; what
  /// is not fit to be shown is escaped (readable()).
  std::string text() const;
  /// For logs and bounces: "550 5.1.1 No such user", joined and escaped likewise. The status that
  /// each line of a reply begins with (RFC 2034 §4) is said once.
  std::string verbatim() const;
};

/// Bounds for a peer's reply; beyond them it is malformed.
struct ReplyLimits {
  std::size_t lines_max = 128;         ///< Larger than any EHLO reply in use.
  std::size_t line_octets_max = 4096;  ///< RFC 5321 §4.5.3.1.5 says 512; real texts are longer.
};

/// Puts a peer's reply together, one line at a time (RFC 5321 §4.2.1).
///
///   Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
///
/// Taken although not in the grammar: a code alone, a tab for the space, 8-bit text. Not taken: a
/// continuation with another code. RFC 5321 §4.2.1 leaves it open which counts; a peer that says
/// 250 and 550 at once has not answered.
class ReplyParser {
 public:
  explicit ReplyParser(ReplyLimits limits = {}) : limits_(limits) {}

  /// `line` is without its CRLF. Nothing until the reply is complete; then the parser is ready for
  /// the next one. After an error (malformed) the connection is of no more use.
  [[nodiscard]] Result<std::optional<PeerReply>> feed(std::string_view line);
  /// The same for whoever reads one reply after the other: true once `reply` is complete. Its
  /// memory is used again, unless it has become large; it is the same one for all lines of a reply.
  [[nodiscard]] Result<bool> feed(std::string_view line, PeerReply& reply);
  /// True between the lines of one reply.
  bool is_inside() const noexcept { return lines_ > 0; }

 private:
  PeerReply reply_;
  std::size_t lines_ = 0;  ///< Of the reply so far.
  ReplyLimits limits_;
};

/// What an error means to the client, by its fault:
///   malformed 501 5.5.4, refused 550 5.7.1, unavailable 451 4.3.0, overloaded 452 4.3.1,
///   cancelled 421 4.3.2. A place that knows more says more with a Reply of its own.
[[nodiscard]] Reply reply_for(const Error& error);
/// For the errors of a path in parse_mail() and parse_rcpt(): 501 5.1.7 and 501 5.1.3 for a bad
/// path (RFC 3463 §3.2), 550 5.6.7 and 553 5.6.7 for one that is not ASCII (RFC 6531 §3.5), else as
/// reply_for().
[[nodiscard]] Reply reply_for_sender(const Error& error);
[[nodiscard]] Reply reply_for_recipient(const Error& error);
/// For the errors of parameters, there and in read_mail_params() and read_rcpt_params(): 555 5.5.4
/// for one that was not announced, 501 5.5.4 for a bad value, a bad list or too long a one.
[[nodiscard]] Reply reply_for_params(const Error& error);

}  // namespace veredus::smtp
