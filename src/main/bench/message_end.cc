#include "main/bench/message_end.h"

namespace veredus::bench {

MessageEnd::Step MessageEnd::feed(std::string_view chunk) noexcept {
  for (std::size_t at = 0; at < chunk.size();) {
    if (matched_ == 0) {
      at = skip(chunk, at);
      continue;
    }
    step(chunk[at++]);
    if (matched_ < kEnd.size()) continue;
    matched_ = kLineStart;
    return {at, true};
  }
  return {chunk.size(), false};
}

/// Goes on after the next dot at the start of a line, or to the end of the chunk.
std::size_t MessageEnd::skip(std::string_view chunk, std::size_t from) noexcept {
  const std::string_view text = chunk.substr(from);
  constexpr std::string_view kCrlf = kEnd.substr(0, kLineStart);
  for (std::size_t dot = text.find('.'); dot != std::string_view::npos;
       dot = text.find('.', dot + 1)) {
    if (!text.substr(0, dot).ends_with(kCrlf)) continue;
    matched_ = kLineStart + 1;
    return from + dot + 1;
  }
  if (text.ends_with(kCrlf))
    matched_ = kLineStart;
  else if (text.ends_with('\r'))
    matched_ = 1;
  return chunk.size();
}

/// The only part of kEnd that is also its beginning is the CR.
void MessageEnd::step(char c) noexcept {
  if (c == kEnd[matched_])
    ++matched_;
  else
    matched_ = c == '\r' ? 1 : 0;
}

}  // namespace veredus::bench
