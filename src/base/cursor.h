// A place in a text being parsed. Every member either consumes what it matched or consumes nothing.

#pragma once

#include <cstddef>
#include <string_view>

#include "base/text.h"

namespace veredus {

/// Borrows the text: it must outlive the cursor and every view taken from it.
class Cursor {
 public:
  explicit constexpr Cursor(std::string_view text) noexcept : text_(text) {}

  constexpr bool done() const noexcept { return at_ == text_.size(); }
  /// How many octets have been consumed.
  constexpr std::size_t position() const noexcept { return at_; }
  /// The rest, not consumed.
  constexpr std::string_view rest() const noexcept { return text_.substr(at_); }
  /// The next octet, or NUL at the end; ask done() where NUL may be data.
  constexpr char peek() const noexcept { return done() ? '\0' : text_[at_]; }

  constexpr bool eat(char c) noexcept {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  constexpr bool eat(std::string_view word) noexcept {
    if (!rest().starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  /// As eat(), whatever the ASCII case.
  bool ieat(std::string_view word) noexcept {
    if (!istarts_with(rest(), word)) return false;
    at_ += word.size();
    return true;
  }
  /// The longest run of octets for which `wanted` is true; may be empty.
  template <class Predicate>
  constexpr std::string_view take_while(Predicate wanted) noexcept {
    const std::size_t begin = at_;
    while (at_ < text_.size() && wanted(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  /// The next `count` octets, or fewer at the end.
  constexpr std::string_view take(std::size_t count) noexcept {
    const std::string_view taken = rest().substr(0, count);
    at_ += taken.size();
    return taken;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace veredus
