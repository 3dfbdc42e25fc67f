// A server's replies, read where they lie: for a client that reads three of them a message and
// looks at little but the code.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace veredus::bench {

/// What is at the beginning of some input.
struct FoundReply {
  enum class Kind : std::uint8_t {
    incomplete,  ///< Not yet a whole reply.
    complete,
    malformed,  ///< It will never be one.
  };
  Kind kind = Kind::incomplete;
  int code = 0;             ///< 200 to 599
  std::string_view text{};  ///< All its lines as they came; borrows the input.
};

/// Looks for a whole reply (RFC 5321 §4.2.1) at the beginning of `input`. A line may end without
/// CR, as io::Connection::LineEnd::lf has it.
[[nodiscard]] FoundReply find_reply(std::string_view input) noexcept;

/// Whether the reply to EHLO has a line for `keyword`, which is in upper case (RFC 5321 §4.1.1.1).
[[nodiscard]] bool announces(std::string_view reply, std::string_view keyword) noexcept;

}  // namespace veredus::bench
