// Finds the line ends of a chunk, telling proper from bare ones; shared by decoder and encoder.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace veredus::smtp {

/// Walks over `text` from one line end to the next. Time is linear in the text whatever it holds:
/// the next LF is looked up once, however many CRs stand before it. Borrows the text.
class NewlineScan {
 public:
  enum class Kind : std::uint8_t {
    crlf,       ///< A proper line end; `at` is its CR.
    bare,       ///< A CR or LF on its own; `at` is that octet.
    cr_at_end,  ///< The last octet is a CR: what follows will tell.
    end,        ///< No more line ends; `at` is the size of the text.
  };
  struct Found {
    Kind kind;
    std::size_t at;
  };

  explicit NewlineScan(std::string_view text) noexcept : text_(text), lf_(text.find('\n')) {}

  /// Just behind the line end found last; the begin of the text before that.
  std::size_t position() const noexcept { return position_; }
  bool done() const noexcept { return position_ == text_.size(); }

  /// The next line end; position() moves behind it.
  Found next() noexcept {
    if (lf_ != kNone && lf_ < position_) lf_ = text_.find('\n', position_);
    const bool has_lf = lf_ != kNone;
    const bool is_crlf = has_lf && lf_ > position_ && text_[lf_ - 1] == '\r';
    const std::size_t stop = is_crlf ? lf_ - 1 : (has_lf ? lf_ : text_.size());
    const std::size_t cr = text_.substr(0, stop).find('\r', position_);
    if (cr != kNone) return found(cr + 1 == text_.size() ? Kind::cr_at_end : Kind::bare, cr, 1);
    if (is_crlf) return found(Kind::crlf, stop, 2);
    if (has_lf) return found(Kind::bare, lf_, 1);
    return found(Kind::end, text_.size(), 0);
  }

 private:
  static constexpr std::size_t kNone = std::string_view::npos;

  Found found(Kind kind, std::size_t at, std::size_t octets) noexcept {
    position_ = at + octets;
    return {kind, at};
  }

  std::string_view text_;
  std::size_t lf_;
  std::size_t position_ = 0;
};

}  // namespace veredus::smtp
