// Finds where a message ends, without looking at the message.

#pragma once

#include <cstddef>
#include <string_view>

namespace veredus::bench {

/// The end as smtp::DataDecoder sees it, <CRLF>.<CRLF> alone (RFC 5321 §4.1.1.4), for who throws
/// the message away: nothing is copied, and dots are what is looked for, since mail has few.
class MessageEnd {
 public:
  struct Step {
    std::size_t consumed;  ///< Of the chunk; the rest belongs to the next command.
    bool complete;         ///< Then this is ready for the next message.
  };
  /// Call with one chunk after the other until `complete`.
  Step feed(std::string_view chunk) noexcept;

 private:
  std::size_t skip(std::string_view chunk, std::size_t from) noexcept;
  void step(char c) noexcept;

  static constexpr std::string_view kEnd = "\r\n.\r\n";
  static constexpr std::size_t kLineStart = 2;

  /// Octets of kEnd that came last. The CRLF of DATA itself counts (RFC 5321 §4.1.1.4).
  std::size_t matched_ = kLineStart;
};

}  // namespace veredus::bench
