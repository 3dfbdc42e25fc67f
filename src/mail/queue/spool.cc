#include "mail/queue/spool.h"

#include <algorithm>

#include "base/log.h"

namespace veredus::queue {
namespace {

using storage::Space;

constexpr std::size_t kIdOctets = 8;
constexpr std::size_t kStateKeyOctets = 12;
constexpr std::size_t kStatePage = 4096;

/// Big-endian, so that the order of keys is the order of numbers.
template <class Number>
void put_number(std::string& key, Number number) {
  for (int shift = static_cast<int>(sizeof(number) * 8) - 8; shift >= 0; shift -= 8)
    key.push_back(static_cast<char>(static_cast<unsigned char>(number >> shift)));
}
std::uint64_t get_number(std::string_view octets) {
  std::uint64_t number = 0;
  for (const char octet : octets) number = (number << 8) | static_cast<unsigned char>(octet);
  return number;
}

std::string key_of(QueueId id) {
  std::string key;
  put_number(key, static_cast<std::uint64_t>(id));
  return key;
}
std::string key_of(QueueId id, std::uint32_t recipient) {
  std::string key = key_of(id);
  put_number(key, recipient);
  return key;
}
QueueId id_of(std::string_view key) {
  return QueueId{get_number(key.substr(0, std::min(key.size(), kIdOctets)))};
}

void log_damaged(QueueId id, const Error& error) {
  log::error("queue_entry_damaged", {{"queue_id", text(id)}, {"reason", error.text()}});
}

}  // namespace

io::Task<Result<>> Spool::commit(const Message& message) {
  const Envelope& envelope = message.envelope;
  storage::Batch batch;
  batch.put(Space::queue, key_of(envelope.id), Bytes(encode(envelope)));
  batch.put_blob(body_of(envelope.id), message.appended, message.chunks);
  co_return co_await storage_.commit(std::move(batch));
}

io::Task<Result<>> Spool::record(Change change) {
  storage::Batch batch;
  for (const auto& [recipient, standing] : change.standings)
    batch.put(Space::queue_state, key_of(change.id, recipient), Bytes(encode(standing)));
  co_return co_await storage_.commit(std::move(batch));
}

io::Task<Result<>> Spool::finish(Finish finish) {
  storage::Batch batch;
  batch.erase(Space::queue, key_of(finish.id));
  for (const std::uint32_t recipient : finish.recorded)
    batch.erase(Space::queue_state, key_of(finish.id, recipient));
  batch.erase_blob(body_of(finish.id), finish.chunk_count);
  co_return co_await storage_.commit(std::move(batch));
}

io::Task<Result<std::optional<Listed>>> Spool::load(QueueId id) {
  SpoolReader reader(storage_, id);
  auto page = co_await reader.next(1);
  if (!page) co_return fail(page.error());
  if (page->empty() || page->front().envelope.id != id) co_return std::nullopt;
  co_return std::move(page->front());
}

SpoolReader::SpoolReader(storage::Meta& meta, QueueId from)
    : meta_(meta), from_(key_of(from)), states_from_(from_) {}

io::Task<Result<std::vector<storage::KeyValue>>> SpoolReader::next_envelopes(std::size_t limit) {
  auto page = co_await meta_.scan(Space::queue, from_, limit);
  if (!page) co_return fail(page.error());
  if (!page->empty()) from_ = page->back().key + '\0';
  co_return std::move(*page);
}

io::Task<Result<std::vector<Listed>>> SpoolReader::next(std::size_t limit) {
  std::vector<Listed> listed;
  while (listed.size() < limit) {
    auto page = co_await next_envelopes(limit - listed.size());
    if (!page) co_return fail(page.error());
    if (page->empty()) break;
    for (const storage::KeyValue& pair : *page) {
      const QueueId id = id_of(pair.key);
      auto envelope = decode_envelope(pair.value);
      if (!envelope || envelope->id != id) {
        log_damaged(id, envelope ? Error(Fault::malformed, "wrong id") : envelope.error());
        continue;
      }
      auto standings = co_await standings_of(id, envelope->recipients.size());
      if (!standings) co_return fail(standings.error());
      listed.emplace_back(std::move(*envelope), std::move(*standings));
    }
  }
  co_return listed;
}

io::Task<Result<std::vector<Brief>>> SpoolReader::next_brief(std::size_t limit) {
  std::vector<Brief> briefs;
  while (briefs.empty()) {
    auto page = co_await next_envelopes(limit);
    if (!page) co_return fail(page.error());
    if (page->empty()) break;
    for (const storage::KeyValue& pair : *page) {
      const QueueId id = id_of(pair.key);
      auto recipients = decode_recipients(pair.value);
      if (!recipients) {
        log_damaged(id, recipients.error());
        continue;
      }
      auto standings = co_await standings_of(id, recipients->size());
      if (!standings) co_return fail(standings.error());
      briefs.emplace_back(id, std::move(*recipients), std::move(*standings));
    }
  }
  co_return briefs;
}

/// The standings of the next message: goes forward only.
io::Task<Result<std::vector<Standing>>> SpoolReader::standings_of(QueueId id,
                                                                  std::size_t recipients) {
  std::vector<Standing> standings(recipients);
  for (;;) {
    if (state_ == states_.size()) {
      if (states_end_) break;
      auto filled = co_await fill_standings();
      if (!filled) co_return fail(filled.error());
      continue;
    }
    const storage::KeyValue& pair = states_[state_];
    if (id_of(pair.key) > id) break;
    ++state_;
    if (id_of(pair.key) < id || pair.key.size() != kStateKeyOctets) continue;
    const std::uint64_t recipient = get_number(std::string_view(pair.key).substr(kIdOctets));
    auto standing = decode_standing(pair.value);
    if (!standing || recipient >= recipients) {
      log_damaged(id, standing ? Error(Fault::malformed, "no such recipient") : standing.error());
      continue;  // Pending then: rather delivered twice than never.
    }
    standings[recipient] = std::move(*standing);
  }
  co_return standings;
}

io::Task<Result<>> SpoolReader::fill_standings() {
  auto page = co_await meta_.scan(Space::queue_state, states_from_, kStatePage);
  if (!page) co_return fail(page.error());
  states_end_ = page->size() < kStatePage;
  if (!page->empty()) states_from_ = page->back().key + '\0';
  states_ = std::move(*page);
  state_ = 0;
  co_return Result<>();
}

io::Task<Result<std::vector<Listed>>> list_stored(storage::Meta& meta, QueueId from,
                                                  std::size_t limit) {
  SpoolReader reader(meta, from);
  co_return co_await reader.next(limit);
}

}  // namespace veredus::queue
