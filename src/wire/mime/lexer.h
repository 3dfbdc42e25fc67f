// The tokens of structured header fields (RFC 5322 §3.2), as tolerant as mail requires.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/cursor.h"

namespace veredus::mime {

/// Borrows the field body, which may be folded: line endings count as white space between tokens
/// and are dropped inside of them.
class Lexer {
 public:
  explicit constexpr Lexer(std::string_view text) noexcept : in_(text) {}

  bool done() const noexcept { return in_.done(); }
  /// The next octet, or NUL at the end.
  char peek() const noexcept { return in_.peek(); }
  bool eat(char c) noexcept { return in_.eat(c); }
  std::string_view rest() const noexcept { return in_.rest(); }
  std::size_t position() const noexcept { return in_.position(); }
  /// Goes on at a position that was told before.
  void go_to(std::size_t position) noexcept;

  /// False once a quoted string or comment was not closed.
  bool sound() const noexcept { return sound_; }

  /// Skips white space; true when there was some.
  bool skip_space() noexcept;
  /// Skips white space and comments; true when there was any. The comments' contents are appended
  /// to `comments`, a space between two.
  bool skip_cfws(std::string* comments = nullptr);

  /// A token of RFC 2045 §5.1; octets above 127 count as its characters. May be empty.
  std::string take_token();
  /// Everything up to white space or one of `stops`.
  std::string_view take_until(std::string_view stops) noexcept;
  /// Call at a quote: the string inside, unescaped.
  std::string take_quoted();
  /// Call at a parenthesis: what is inside, unescaped, with nested comments in their parentheses.
  std::string take_comment();

 private:
  /// Appends the octet, unless it is part of a line ending, and steps over it.
  void take_octet(std::string& out);
  /// The same behind a backslash, which has been consumed.
  void take_escaped(std::string& out);

  Cursor in_;
  bool sound_ = true;
};

/// White space as a folded field has it.
constexpr bool is_field_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace veredus::mime
