#include "mail/accept/message_reader.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace veredus::accept {

MessageReader::MessageReader(const AcceptConfig& config, const Surroundings& surroundings,
                             QueueId id, std::string trace, std::optional<Submitted> submitted)
    : config_(config),
      queue_(surroundings.queue),
      clock_(surroundings.system.clock),
      id_(id),
      decoder_(config.bare_newline),
      chunk_(std::move(trace)),
      share_(surroundings.load),
      size_(chunk_.size()) {
  if (!submitted) return;
  judge_ = std::move(submitted->judge);
  completer_.emplace(std::move(submitted->completion));
}

io::Task<Result<std::optional<smtp::Reply>>> MessageReader::read(io::Connection& connection) {
  const SteadyTime until = clock_.now() + config_.data_total_deadline;
  while (!complete_) {
    if (connection.input().empty()) {
      const Result<> more = co_await wait_for_more(connection, until);
      if (!more) co_return fail(more.error());
    }
    consume(connection);
    if (decoded_ > 2 * config_.message_bytes_max)
      co_return fail(Fault::overloaded, "the message is more than twice as large as we take");
    if (is_lost() && appended_ > 0) co_await discard();
    while (chunk_.size() >= storage::kChunkBytes) co_await finish_chunk();
  }
  scanner_.finish();
  co_return verdict();
}

io::Task<Result<>> MessageReader::wait_for_more(io::Connection& connection, SteadyTime until) {
  const Duration left = until - clock_.now();
  if (left <= Duration::zero()) co_return fail(Fault::cancelled, "the message takes too long");
  const Duration deadline = std::min<Duration>(config_.data_deadline, left);
  co_return co_await connection.read_more(deadline);
}

void MessageReader::consume(io::Connection& connection) {
  // A converted newline adds an octet, so a chunk may come out a little too long; it is cut.
  const std::size_t room = storage::kChunkBytes - chunk_.size();
  const std::size_t before = chunk_.size();
  const std::string_view input = connection.input().substr(0, room);
  chunk_.reserve(before + input.size());
  const auto step = decoder_.feed(input, chunk_);
  connection.consume(step.consumed);
  complete_ = step.complete;

  const std::string_view fresh = std::string_view(chunk_).substr(before);
  decoded_ += fresh.size();
  if (completer_ && completer_->is_open()) complete_header(before);
  const std::string_view kept = std::string_view(chunk_).substr(before);
  if (scanner_.wants_more()) scanner_.feed(kept);
  if (is_lost()) {
    chunk_.clear();
    chunks_.clear();
  } else {
    size_ += kept.size();
  }
  share_.set(chunk_.size() + (chunks_.size() * storage::kChunkBytes));
}

/// What came last, from `before` on, waits in the completer until the header has ended.
void MessageReader::complete_header(std::size_t before) {
  const std::string piece = chunk_.substr(before);
  chunk_.resize(before);
  completer_->feed(piece, chunk_);
  if (complete_ && completer_->is_open()) completer_->finish(chunk_);
  if (completer_->is_open() || !judge_) return;
  header_refusal_ = judge_(completer_->scanner().header());
}

io::Task<> MessageReader::finish_chunk() {
  std::string rest = chunk_.substr(storage::kChunkBytes);
  chunk_.resize(storage::kChunkBytes);
  chunks_.emplace_back(std::exchange(chunk_, std::move(rest)));
  if (chunks_.size() * storage::kChunkBytes >= config_.memory_bytes_max ||
      share_.is_over(config_.memory_bytes_total_max))
    co_await spill();
}

io::Task<> MessageReader::spill() {
  for (Bytes& chunk : std::exchange(chunks_, {})) {
    const Result<> appended = co_await queue_.append(id_, appended_, std::move(chunk));
    if (!appended) {
      storage_error_ = appended.error();
      log::warning("message_not_queued",
                   {{"queue_id", text(id_)}, {"reason", storage_error_->text()}});
      co_return;
    }
    ++appended_;
  }
}

MessageReader::Flaw MessageReader::flaw() const noexcept {
  if (decoded_ > config_.message_bytes_max) return Flaw::too_large;
  if (decoder_.has_bare_newline() && config_.bare_newline == smtp::BareNewline::refuse)
    return Flaw::bare_newline;
  if (decoder_.has_nul()) return Flaw::nul;
  if (decoder_.longest_line_octets() > config_.text_line_octets_max) return Flaw::long_line;
  if (scanner_.over_limit()) return Flaw::long_header;
  if (scanner_.received_count() > config_.hops_max) return Flaw::loop;
  if (header_refusal_) return Flaw::header;
  return storage_error_ ? Flaw::storage : Flaw::none;
}

std::optional<smtp::Reply> MessageReader::verdict() const {
  switch (flaw()) {
    case Flaw::none:
      return std::nullopt;
    case Flaw::too_large:
      return smtp::Reply(
          552, {5, 3, 4},
          "Message is larger than " + std::to_string(config_.message_bytes_max) + " octets");
    case Flaw::bare_newline:
      return smtp::Reply(554, {5, 6, 0},
                         "Message has a bare CR or LF: end every line with CRLF (RFC 5321 2.3.8)");
    case Flaw::nul:
      return smtp::Reply(554, {5, 6, 0}, "Message has a NUL octet");
    case Flaw::long_line:
      return smtp::Reply(554, {5, 6, 0},
                         "Message has a line longer than " +
                             std::to_string(config_.text_line_octets_max) + " octets");
    case Flaw::long_header:
      return smtp::Reply(554, {5, 6, 0},
                         "Message header is larger than " +
                             std::to_string(mime::HeaderScanner::kOctetsMax) + " octets");
    case Flaw::loop:
      return smtp::Reply(554, {5, 4, 6},
                         "Mail loop: the message has passed " +
                             std::to_string(scanner_.received_count()) + " hosts");
    case Flaw::header:
      return header_refusal_;
    case Flaw::storage:
      return storage_refusal(*storage_error_);
  }
  std::unreachable();
}

void MessageReader::give(queue::Message& message) {
  if (!chunk_.empty()) chunks_.emplace_back(std::move(chunk_));
  message.appended = appended_;
  message.chunks = std::move(chunks_);
  queue::Envelope& envelope = message.envelope;
  envelope.id = id_;
  envelope.size = size_;
  envelope.chunk_count = appended_ + static_cast<std::uint32_t>(message.chunks.size());
  envelope.message_id = scanner_.message_id();
  if (decoder_.has_8bit() && envelope.body == smtp::Body::seven_bit)
    envelope.body = smtp::Body::eight_bit_mime;
  appended_ = 0;
  share_.set(0);
}

io::Task<> MessageReader::discard() {
  const std::uint32_t count = std::exchange(appended_, 0);
  if (count > 0) co_await queue_.discard(id_, count);
}

smtp::Reply storage_refusal(const Error& error) {
  if (error.fault() == Fault::overloaded)
    return smtp::Reply(452, {4, 3, 1}, "Insufficient system storage");
  return smtp::Reply(451, {4, 3, 0}, "The message could not be stored; try again later");
}

}  // namespace veredus::accept
