#include "io/connection.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

namespace veredus::io {
namespace {

constexpr std::size_t kSpareBuffersMax = 8;  // Of each thread: 256 KiB.
constexpr std::size_t kCapacityKept = 1024;  // Of a text; more is not worth it while idle.

/// Input buffers that this thread does not use now: a session takes one for every command, which
/// must not cost an allocation each time.
std::vector<std::unique_ptr<char[]>>& spare_buffers() {
  thread_local std::vector<std::unique_ptr<char[]>> buffers;
  return buffers;
}

std::unique_ptr<char[]> take_buffer() {
  auto& spare = spare_buffers();
  if (spare.empty()) return std::make_unique_for_overwrite<char[]>(Connection::kInputBytes);
  auto buffer = std::move(spare.back());
  spare.pop_back();
  return buffer;
}

void give_back(std::unique_ptr<char[]> buffer) {
  auto& spare = spare_buffers();
  if (spare.size() < kSpareBuffersMax) spare.push_back(std::move(buffer));
}

/// For what can be said without waiting.
Task<Result<>> known(Result<> result) { co_return result; }

Error was_interrupted() { return {Fault::cancelled, "interrupted to shut down"}; }

}  // namespace

/// A line while its parts come in.
class Connection::Line {
 public:
  /// It goes into `text`, which outlives this.
  Line(std::string& text, std::size_t octets_max, LineEnd line_end)
      : octets_max_(octets_max), line_end_(line_end), text_(text) {
    if (text_.capacity() > kCapacityKept) std::string().swap(text_);
    text_.clear();
  }

  void add(std::string_view part) {
    octets_ += part.size();
    if (!is_too_long()) text_.append(part);
  }
  std::size_t octets() const noexcept { return octets_; }
  bool is_too_long() const noexcept { return octets_ > octets_max_; }

  /// Once the LF was added, or the line is too long.
  Result<> finish() {
    if (is_too_long())
      return fail(Fault::malformed, "line too long (at most " + std::to_string(octets_max_) +
                                        " octets with its end)");
    if (line_end_ == LineEnd::lf) {
      text_.pop_back();
      while (text_.ends_with('\r')) text_.pop_back();
      return {};
    }
    if (!text_.ends_with("\r\n"))
      return fail(Fault::malformed, "line ends with LF instead of CRLF");
    text_.resize(text_.size() - 2);
    if (text_.contains('\r')) return fail(Fault::malformed, "CR without LF in the line");
    return {};
  }

 private:
  std::size_t octets_max_;
  LineEnd line_end_;
  std::size_t octets_ = 0;
  std::string& text_;
};

Connection::Connection(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}

Connection::~Connection() {
  if (buffer_) give_back(std::move(buffer_));
}

Task<Result<std::string>> Connection::read_line(std::size_t octets_max, Duration deadline,
                                                LineEnd line_end) {
  std::string line;
  const Result<> read = co_await read_line(line, octets_max, deadline, line_end);
  if (!read) co_return fail(read.error());
  co_return line;
}

Task<Result<>> Connection::read_line(std::string& into, std::size_t octets_max, Duration deadline,
                                     LineEnd line_end) {
  Line line(into, octets_max, line_end);
  if (skipped_ > 0) {
    auto skipped = co_await skip_line(deadline);
    if (!skipped) co_return fail(skipped.error());
  }
  if (input().empty()) {
    auto begun = co_await wait_for_line(deadline);
    if (!begun) co_return fail(begun.error());
  }
  std::optional<SteadyTime> until;
  for (;;) {
    const std::string_view arrived = input();
    const std::size_t end = arrived.find('\n');
    const bool complete = end != std::string_view::npos;
    line.add(arrived.substr(0, complete ? end + 1 : end));
    consume(complete ? end + 1 : arrived.size());
    if (!complete && line.is_too_long()) skipped_ = line.octets();
    if (complete || line.is_too_long()) co_return line.finish();

    if (has_output()) {
      auto flushed = co_await flush(deadline);
      if (!flushed) co_return fail(flushed.error());
    }
    const SteadyTime now = stream_->now();
    if (!until) until = deadline < SteadyTime::max() - now ? now + deadline : SteadyTime::max();
    auto filled = co_await fill(std::max(*until - now, Duration::zero()));
    if (!filled) co_return fail(filled.error());
  }
}

std::optional<Result<>> Connection::arrived_line(std::string& into, std::size_t octets_max,
                                                 LineEnd line_end) {
  const std::string_view arrived = input();
  const std::size_t end = arrived.find('\n');
  if (skipped_ > 0 || end == std::string_view::npos) return std::nullopt;
  Line line(into, octets_max, line_end);
  line.add(arrived.substr(0, end + 1));
  consume(end + 1);
  return line.finish();
}

bool Connection::has_line() const noexcept { return input().contains('\n'); }

std::string_view Connection::input() const noexcept {
  return buffer_ ? std::string_view(buffer_.get() + begin_, end_ - begin_) : std::string_view();
}

void Connection::consume(std::size_t octets) noexcept {
  begin_ += std::min(octets, end_ - begin_);
  release_if_empty();
}

Task<Result<>> Connection::read_more(Duration deadline) {
  return has_output() ? flush_and_fill(deadline) : fill(deadline);
}

Task<Result<>> Connection::wait_input(Duration deadline) {
  if (!input().empty()) return known(Result<>());
  if (interrupted_) return known(fail(was_interrupted()));
  return stream_->wait_readable(deadline);
}

void Connection::put(std::string_view octets) { output_.append(octets); }

Task<Result<>> Connection::flush(Duration deadline) {
  if (!has_output()) co_return Result<>();
  std::string sent = std::exchange(output_, {});
  auto written = co_await stream_->write(sent, deadline);
  keep_memory_of(std::move(sent));
  co_return written;
}

Task<Result<>> Connection::write(std::vector<std::string_view> pieces, Duration deadline) {
  std::string first = std::exchange(output_, {});
  if (!first.empty()) pieces.insert(pieces.begin(), first);
  auto written = co_await stream_->write_all(std::move(pieces), deadline);
  keep_memory_of(std::move(first));
  co_return written;
}

/// For the next output.
void Connection::keep_memory_of(std::string sent) noexcept {
  if (!output_.empty() || sent.capacity() > kCapacityKept) return;
  sent.clear();
  output_ = std::move(sent);
}

void Connection::interrupt() noexcept {
  interrupted_ = true;
  stream_->cancel_read();
}

Result<std::unique_ptr<Stream>*> Connection::stream_to_cover() {
  if (begin_ != end_ || skipped_ > 0)
    return fail(Fault::malformed, "the peer sent more before it was answered");
  if (has_output()) return fail(Fault::malformed, "something was not sent yet");
  return &stream_;
}

Task<> Connection::shutdown() { return stream_->shutdown(); }

void Connection::close() noexcept { stream_->close(); }

// Waits without a buffer: an idle session must cost no more than its frame.
Task<Result<>> Connection::wait_for_line(Duration deadline) {
  if (interrupted_) co_return fail(was_interrupted());
  if (has_output()) {
    auto flushed = co_await flush(deadline);
    if (!flushed) co_return flushed;
  }
  if (interrupted_) co_return fail(was_interrupted());
  auto ready = co_await stream_->wait_readable(deadline);
  if (!ready) co_return ready;
  co_return co_await fill(deadline);
}

/// Throws away what is left of a line that was too long.
Task<Result<>> Connection::skip_line(Duration deadline) {
  const SteadyTime now = stream_->now();
  const SteadyTime until = deadline < SteadyTime::max() - now ? now + deadline : SteadyTime::max();
  while (skipped_ <= kSkipMax) {
    if (input().empty()) {
      const Duration left = std::max(until - stream_->now(), Duration::zero());
      auto arrived = co_await wait_for_line(left);
      if (!arrived) co_return arrived;
    }
    const std::string_view arrived = input();
    const std::size_t end = arrived.find('\n');
    if (end != std::string_view::npos) {
      consume(end + 1);
      skipped_ = 0;
      co_return Result<>();
    }
    skipped_ += arrived.size();
    consume(arrived.size());
  }
  co_return fail(Fault::overloaded, "a line without end");
}

Task<Result<>> Connection::flush_and_fill(Duration deadline) {
  auto flushed = co_await flush(deadline);
  if (!flushed) co_return flushed;
  co_return co_await fill(deadline);
}

Task<Result<>> Connection::fill(Duration deadline) {
  if (!buffer_) buffer_ = take_buffer();
  if (end_ == kInputBytes) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  const std::span<char> room(buffer_.get() + end_, kInputBytes - end_);
  auto count = co_await stream_->read_some(room, deadline);
  end_ += count.value_or(0);
  release_if_empty();
  if (!count) co_return fail(count.error());
  if (*count == 0) co_return fail(Fault::unavailable, "the peer closed the connection");
  co_return Result<>();
}

void Connection::release_if_empty() noexcept {
  if (begin_ != end_) return;
  begin_ = end_ = 0;
  if (buffer_) give_back(std::move(buffer_));
}

}  // namespace veredus::io
