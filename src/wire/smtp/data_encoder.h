// A message made ready to follow DATA: the strict twin of DataDecoder.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace veredus::smtp {

/// Doubles dots at line starts and says how the message ends, one chunk at a time
/// (RFC 5321 §4.5.2), without copying the message.
///
/// Whatever goes in, no bare CR or LF comes out: one on its own becomes CRLF (RFC 5321 §2.3.8), so
/// that no peer can be led to see an end of the message that we did not write. A CR at the end of
/// a chunk waits for the next one.
class DataEncoder {
 public:
  /// Appends pieces to `pieces` that, written in order, are the chunk as it goes on the wire. They
  /// point into `chunk` or to constants; keep `chunk` until they are written. A chunk without a dot
  /// at a line start and without bare newlines is one piece.
  void encode(std::string_view chunk, std::vector<std::string_view>& pieces);

  /// The end of the message: ".\r\n" after a complete line, else "\r\n.\r\n". The encoder is then
  /// ready for the next message.
  std::string_view finish() noexcept;

  /// A bare CR or LF was made CRLF since the last finish().
  bool has_converted() const noexcept { return converted_; }

 private:
  bool line_start_ = true;
  bool pending_cr_ = false;  ///< The last chunk ended in CR, not yet written.
  bool converted_ = false;
};

/// The whole message at once, with its end; for small texts and tests.
std::string encode_data(std::string_view message);

}  // namespace veredus::smtp
