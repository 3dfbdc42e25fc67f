#include "mail/accept/message_reader.h"

#include <algorithm>
#include <utility>

namespace veredus::accept {

MessageReader::MessageReader(const AcceptConfig& config, queue::Queue& queue, QueueId id,
                             std::string trace)
    : config_(config),
      queue_(queue),
      id_(id),
      decoder_(config.bare_newline),
      chunk_(std::move(trace)),
      size_(chunk_.size()) {}

io::Task<Result<std::optional<smtp::Reply>>> MessageReader::read(io::Connection& connection) {
  while (!complete_) {
    if (connection.input().empty()) {
      const Result<> more = co_await connection.read_more(config_.data_deadline);
      if (!more) co_return fail(more.error());
    }
    consume(connection);
    if (decoded_ > 2 * config_.message_bytes_max)
      co_return fail(Fault::overloaded, "the message is more than twice as large as we take");
    if (chunk_.size() >= storage::kChunkBytes) co_await finish_chunk();
  }
  scanner_.finish();
  co_return verdict();
}

void MessageReader::consume(io::Connection& connection) {
  // A converted newline adds an octet, so a chunk may come out a little too long; it is cut.
  const std::size_t room = storage::kChunkBytes - chunk_.size();
  const std::size_t before = chunk_.size();
  const auto step = decoder_.feed(connection.input().substr(0, room), chunk_);
  connection.consume(step.consumed);
  complete_ = step.complete;

  const std::string_view fresh = std::string_view(chunk_).substr(before);
  decoded_ += fresh.size();
  if (scanner_.wants_more()) scanner_.feed(fresh);
  if (is_lost())
    chunk_.clear();
  else
    size_ += fresh.size();
}

io::Task<> MessageReader::finish_chunk() {
  std::string rest = chunk_.substr(storage::kChunkBytes);
  chunk_.resize(storage::kChunkBytes);
  chunks_.emplace_back(std::exchange(chunk_, std::move(rest)));
  if (chunks_.size() * storage::kChunkBytes >= config_.memory_bytes_max) co_await spill();
}

io::Task<> MessageReader::spill() {
  for (Bytes& chunk : std::exchange(chunks_, {})) {
    const Result<> appended = co_await queue_.append(id_, appended_, std::move(chunk));
    if (!appended) {
      storage_error_ = appended.error();
      co_return;
    }
    ++appended_;
  }
}

std::optional<smtp::Reply> MessageReader::verdict() const {
  if (is_too_large())
    return smtp::Reply(
        552, {5, 3, 4},
        "Message is larger than " + std::to_string(config_.message_bytes_max) + " octets");
  if (decoder_.has_bare_newline() && config_.bare_newline == smtp::BareNewline::refuse)
    return smtp::Reply(554, {5, 6, 0},
                       "Message has a bare CR or LF: end every line with CRLF (RFC 5321 2.3.8)");
  if (decoder_.has_nul()) return smtp::Reply(554, {5, 6, 0}, "Message has a NUL octet");
  if (decoder_.longest_line_octets() > config_.text_line_octets_max)
    return smtp::Reply(554, {5, 6, 0},
                       "Message has a line longer than " +
                           std::to_string(config_.text_line_octets_max) + " octets");
  if (scanner_.over_limit())
    return smtp::Reply(554, {5, 6, 0},
                       "Message header is larger than " +
                           std::to_string(mime::HeaderScanner::kOctetsMax) + " octets");
  if (scanner_.received_count() > config_.hops_max)
    return smtp::Reply(554, {5, 4, 6},
                       "Mail loop: the message has passed " +
                           std::to_string(scanner_.received_count()) + " hosts");
  if (storage_error_) return smtp::reply_for(*storage_error_);
  return std::nullopt;
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
}

io::Task<> MessageReader::discard() {
  const std::uint32_t count = std::exchange(appended_, 0);
  if (count > 0) co_await queue_.discard(id_, count);
}

}  // namespace veredus::accept
