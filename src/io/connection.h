// The connection: one owner of bytes, every operation with a deadline.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/stream.h"
#include "io/task.h"

namespace veredus::io {

/// Lines and chunks over a Stream. Not thread-safe: use it on its stream's reactor. One
/// coroutine reads or writes at a time. Holds an input buffer (kInputBytes) only while there is
/// input that was not consumed.
class Connection {
 public:
  static constexpr std::size_t kInputBytes = 32 * 1024;

  /// What ends a line.
  enum class LineEnd : std::uint8_t {
    crlf,  ///< For servers: anything else is refused (RFC 5321 §2.3.8).
    lf,    ///< For clients, who read replies: CRs before the LF are dropped, and it may have none.
           ///< A reply misread costs more than one taken: the message would be sent again.
  };

  explicit Connection(std::unique_ptr<Stream> stream);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The next line without its CRLF. Owns its text: nothing here points into the input buffer,
  /// so it may be kept across co_await. What flush() has not yet sent is sent before waiting.
  ///
  /// `octets_max` counts the CRLF. A longer line fails as soon as it is too long, whether its end
  /// has come or not: the caller may answer and go on, for the next call throws the rest of the
  /// line away (up to `kSkipMax` octets) and then reads the next one. A line with a bare CR is
  /// read to its end first. A bare LF ends a line too, but one that is refused: somebody who sends
  /// nothing else gets an answer, and nobody a command by it. LineEnd::lf is not so strict.
  /// `deadline` is for the whole line, and once more for the rest of one that was too long.
  /// Errors: malformed (too long, or a bare CR or LF; the text says which), overloaded (no end
  /// within kSkipMax: give up), unavailable (peer gone), cancelled (deadline, interrupt()).
  Task<Result<std::string>> read_line(std::size_t octets_max, Duration deadline,
                                      LineEnd line_end = LineEnd::crlf);
  /// The same into `line`, which must live until this returns: for whoever reads one line after
  /// the other. Its memory is used again, unless it has become large.
  Task<Result<>> read_line(std::string& line, std::size_t octets_max, Duration deadline,
                           LineEnd line_end = LineEnd::crlf);
  static constexpr std::size_t kSkipMax = 1024UL * 1024;

  /// As that, for a line of which all has arrived already: without waiting, or flushing. Nothing
  /// when it has not.
  std::optional<Result<>> arrived_line(std::string& line, std::size_t octets_max,
                                       LineEnd line_end = LineEnd::crlf);

  /// True when a whole line has already arrived: the reply may wait for the next one's, so that
  /// a pipelined group is answered in one packet (RFC 2920 §3.2).
  bool has_line() const noexcept;

  /// Input that has arrived and was not consumed; valid until the next call of this object.
  std::string_view input() const noexcept;
  void consume(std::size_t octets) noexcept;
  /// Waits until input() has grown by at least one octet. Precondition: input() is shorter than
  /// kInputBytes. Errors: unavailable, also at the peer's end of file; cancelled.
  Task<Result<>> read_more(Duration deadline);

  /// Waits until there is input, or the peer's end of file, without reading it; for a client that
  /// may speak only when it is asked. Errors: cancelled (deadline, interrupt(); all is as before),
  /// unavailable.
  Task<Result<>> wait_input(Duration deadline);

  /// Appends to the output that the next flush() sends.
  void put(std::string_view octets);
  /// That output, to be appended to.
  std::string& output() noexcept { return output_; }
  bool has_output() const noexcept { return !output_.empty(); }
  /// Sends what was put. Errors as Stream::write_all.
  Task<Result<>> flush(Duration deadline);
  /// Sends what was put, then `pieces`, without copying them; they must live until this returns.
  Task<Result<>> write(std::vector<std::string_view> pieces, Duration deadline);

  /// Wakes a read_line() that waits for a line to begin, with `cancelled`; the connection can
  /// still be written to. For shutdown: the session says 421 and closes.
  void interrupt() noexcept;
  /// True once interrupt() was called.
  bool interrupted() const noexcept { return interrupted_; }

  /// The stream, for a layer such as TLS to be put on top of it. Error: malformed when there is
  /// input that was not consumed, for it must not count as what comes through the layer
  /// (RFC 3207 §4.2), or output that was not sent.
  Result<std::unique_ptr<Stream>*> stream_to_cover();

  /// Ends the connection in order; waits at most two seconds for the peer.
  Task<> shutdown();
  void close() noexcept;

  const Endpoint& peer() const noexcept { return stream_->peer(); }
  const Endpoint& local() const noexcept { return stream_->local(); }

 private:
  class Line;

  Task<Result<>> wait_for_line(Duration deadline);
  Task<Result<>> skip_line(Duration deadline);
  Task<Result<>> fill(Duration deadline);
  Task<Result<>> flush_and_fill(Duration deadline);
  void release_if_empty() noexcept;
  void keep_memory_of(std::string sent) noexcept;

  std::unique_ptr<Stream> stream_;
  std::unique_ptr<char[]> buffer_;  // kInputBytes, or null while input is empty
  std::size_t begin_ = 0;           // input is buffer_[begin_, end_)
  std::size_t end_ = 0;
  std::size_t skipped_ = 0;  // Octets of a line that was too long; 0 when not within one.
  std::string output_;
  bool interrupted_ = false;
};

}  // namespace veredus::io
