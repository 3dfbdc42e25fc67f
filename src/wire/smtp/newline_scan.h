// Finds the line ends of a chunk, telling proper from bare ones; shared by decoder and encoder.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace veredus::smtp {

/// Where the first CR or LF is from `from` on; the size of the text when there is none.
inline std::size_t find_newline(std::string_view text, std::size_t from) noexcept {
  std::size_t at = from;
#ifdef __SSE2__
  // Sixteen octets at a time: every octet of every message passes here twice.
  const __m128i cr = _mm_set1_epi8('\r');
  const __m128i lf = _mm_set1_epi8('\n');
  for (; text.size() - at >= sizeof(__m128i); at += sizeof(__m128i)) {
    const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i both = _mm_or_si128(_mm_cmpeq_epi8(octets, cr), _mm_cmpeq_epi8(octets, lf));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(both));
    if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found));
  }
#endif
  while (at < text.size() && text[at] != '\r' && text[at] != '\n') ++at;
  return at;
}

/// Walks over `text` from one line end to the next, in time linear in the text. Borrows the text.
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

  explicit NewlineScan(std::string_view text) noexcept : text_(text) {}

  /// Just behind the line end found last; the begin of the text before that.
  std::size_t position() const noexcept { return position_; }
  bool done() const noexcept { return position_ == text_.size(); }

  /// The next line end; position() moves behind it.
  Found next() noexcept {
    const std::size_t at = find_newline(text_, position_);
    if (at == text_.size()) return found(Kind::end, at, 0);
    if (text_[at] == '\n') return found(Kind::bare, at, 1);
    if (at + 1 == text_.size()) return found(Kind::cr_at_end, at, 1);
    if (text_[at + 1] == '\n') return found(Kind::crlf, at, 2);
    return found(Kind::bare, at, 1);
  }

 private:
  Found found(Kind kind, std::size_t at, std::size_t octets) noexcept {
    position_ = at + octets;
    return {kind, at};
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace veredus::smtp
