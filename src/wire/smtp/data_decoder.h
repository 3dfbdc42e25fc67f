// What a client sends after DATA, turned back into the message.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace veredus::smtp {

/// What becomes of a CR or LF on its own.
enum class BareNewline : std::uint8_t {
  refuse,   ///< Kept as sent; the caller refuses the message (RFC 5321 §2.3.8).
  convert,  ///< Becomes CRLF in the decoded message. It still never ends the message.
};

/// Removes dot-stuffing and finds the end of the message, one chunk at a time (RFC 5321 §4.5.2).
///
/// Only <CRLF>.<CRLF> ends a message. A CR or LF on its own never does, and marks the whole message
/// as bad: two servers that disagree about line ends can be made to disagree about where one
/// message stops and the next begins ("SMTP smuggling"; RFC 5321 §2.3.8 and §4.1.1.4 forbid them).
/// The decoder still reads to the true end, because what follows a message it gave up on would be
/// taken for commands.
///
///     line_start --"."--> dot --CR--> dot_cr --LF--> complete
///         |  ^             |             |
///       other CRLF       other         other (bad)
///         v  |             v             v
///        text --CR--> cr   text         text
///
/// After a bare newline comes `text`, not `line_start`: a dot there is not stuffing and is kept,
/// so that our encoder stuffs it when the message goes on.
class DataDecoder {
 public:
  struct Step {
    std::size_t consumed;  ///< Bytes of `wire` used; the rest belongs to the next command.
    bool complete;
  };

  explicit DataDecoder(BareNewline tolerance = BareNewline::refuse) : tolerance_(tolerance) {}

  /// Appends decoded bytes to `out`: at most as many as consumed, and one more for each bare
  /// newline when converting. Call with more until `complete`; then the decoder is spent.
  /// The caller bounds the message by what it does with `out`; throwing it away is fine.
  Step feed(std::string_view wire, std::string& out);

  /// A CR or LF on its own was seen so far.
  bool has_bare_newline() const noexcept { return bad_; }
  /// A NUL was seen; RFC 5321 §4.5.2 lets us refuse it, and many readers stop at it.
  bool has_nul() const noexcept { return nul_; }
  /// An octet above 127 was seen: needs 8BITMIME or conversion (RFC 6152 §3).
  bool has_8bit() const noexcept { return eight_bit_; }
  /// Octets of the longest line as decoded, with its CRLF. RFC 5321 §4.5.3.1.6 allows 1000.
  std::size_t longest_line_octets() const noexcept { return longest_line_; }

 private:
  enum class State : std::uint8_t { line_start, text, cr, dot, dot_cr, complete };

  std::size_t decode_lines(std::string_view wire, std::string& out);
  std::size_t after_cr(char c, std::string& out);
  std::size_t after_dot_cr(char c, std::string& out);
  void end_line() noexcept;
  void bare_newline(char c, std::string& out);

  State state_ = State::line_start;
  BareNewline tolerance_;
  bool bad_ = false;
  bool nul_ = false;
  bool eight_bit_ = false;
  std::size_t line_ = 0;  ///< Octets of the current line so far.
  std::size_t longest_line_ = 0;
};

}  // namespace veredus::smtp
