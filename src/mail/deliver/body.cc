#include "mail/deliver/body.h"

#include <string_view>
#include <vector>

#include "wire/smtp/data_encoder.h"

namespace veredus::deliver {
namespace {

/// A message may be all dots at line starts, and each makes a piece: so many octets at a time.
constexpr std::size_t kTextPartOctets = 256UL * 1024;

}  // namespace

io::Task<std::expected<void, BodyFault>> send_body(StoredBody body, io::Connection& connection,
                                                   Duration deadline) {
  smtp::DataEncoder encoder;
  const std::uint32_t count = body.job.envelope->chunk_count;
  for (std::uint32_t index = 0; index < count; ++index) {
    const Result<Bytes> chunk = co_await body.queue.chunk(body.job, index);
    if (!chunk) co_return std::unexpected(BodyFault{chunk.error(), /*is_ours=*/true});
    std::vector<std::string_view> pieces;
    encoder.encode(chunk->view(), pieces);
    const bool is_last = index + 1 == count;
    if (is_last) pieces.insert(pieces.end(), {encoder.finish(), body.behind});
    const Result<> written = co_await connection.write(std::move(pieces), deadline);
    if (!written) co_return std::unexpected(BodyFault{.error = written.error(), .at_end = is_last});
  }
  co_return std::expected<void, BodyFault>();
}

io::Task<Result<std::string>> load_body(queue::Queue& queue, const queue::Job& job) {
  std::string body;
  body.reserve(job.envelope->size);
  for (std::uint32_t index = 0; index < job.envelope->chunk_count; ++index) {
    const Result<Bytes> chunk = co_await queue.chunk(job, index);
    if (!chunk) co_return fail(chunk.error());
    body += chunk->view();
  }
  co_return body;
}

io::Task<std::expected<void, BodyFault>> send_text(const std::string& text,
                                                   const std::string& behind,
                                                   io::Connection& connection, Duration deadline) {
  smtp::DataEncoder encoder;
  for (std::size_t at = 0; at < text.size(); at += kTextPartOctets) {
    std::vector<std::string_view> pieces;
    encoder.encode(std::string_view(text).substr(at, kTextPartOctets), pieces);
    const bool is_last = text.size() - at <= kTextPartOctets;
    if (is_last) pieces.insert(pieces.end(), {encoder.finish(), behind});
    const Result<> written = co_await connection.write(std::move(pieces), deadline);
    if (!written) co_return std::unexpected(BodyFault{.error = written.error(), .at_end = is_last});
  }
  co_return std::expected<void, BodyFault>();
}

}  // namespace veredus::deliver
