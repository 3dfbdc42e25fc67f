#include "mail/queue/spool.h"

#include <algorithm>

#include "base/big_endian.h"
#include "base/log.h"

namespace veredus::queue {
namespace {

using storage::Space;

constexpr std::size_t kIdOctets = 8;
constexpr std::size_t kStateKeyOctets = 12;
constexpr std::size_t kStatePage = 4096;
/// In front of the name of a destination that an operator paused.
constexpr std::string_view kPaused = "paused:";
constexpr std::size_t kPausedMax = 100'000;

std::string key_of(QueueId id) {
  std::string key;
  put_big_endian(key, static_cast<std::uint64_t>(id));
  return key;
}
std::string key_of(QueueId id, std::uint32_t recipient) {
  std::string key = key_of(id);
  put_big_endian(key, recipient);
  return key;
}
QueueId id_of(std::string_view key) {
  return QueueId{get_big_endian(key.substr(0, std::min(key.size(), kIdOctets)))};
}

void log_damaged(QueueId id, const Error& error) {
  log::error("queue_entry_damaged", {{"queue_id", text(id)}, {"reason", error.text()}});
}

/// What cannot be read leaves its recipient pending: rather delivered twice than never.
void take_standing(const storage::KeyValue& pair, std::vector<Standing>& standings) {
  if (pair.key.size() != kStateKeyOctets) return;
  const std::uint64_t recipient = get_big_endian(std::string_view(pair.key).substr(kIdOctets));
  auto standing = decode_standing(pair.value);
  if (standing && recipient < standings.size()) {
    standings[recipient] = std::move(*standing);
    return;
  }
  log_damaged(id_of(pair.key),
              standing ? Error(Fault::malformed, "no such recipient") : standing.error());
}

void put_standings(storage::Batch& batch, QueueId id,
                   const std::vector<std::pair<std::uint32_t, Standing>>& standings) {
  for (const auto& [recipient, standing] : standings)
    batch.put(Space::queue_state, key_of(id, recipient), Bytes(encode(standing)));
}

void put_made(storage::Batch& batch, const Made& made) {
  const QueueId id = made.envelope->id;
  batch.put(Space::queue, key_of(id), Bytes(encode(*made.envelope)));
  batch.put_blob(body_of(id), 0, made.chunks);
  for (std::uint32_t r = 0; r < made.standings.size(); ++r) {
    if (made.standings[r].state != State::pending)
      batch.put(Space::queue_state, key_of(id, r), Bytes(encode(made.standings[r])));
  }
}

}  // namespace

io::Task<Result<>> Spool::commit(const Message& message) {
  const Envelope& envelope = message.envelope;
  storage::Batch batch;
  batch.put(Space::queue, key_of(envelope.id), Bytes(encode(envelope)));
  batch.put_blob(body_of(envelope.id), message.appended, message.chunks);
  co_return co_await storage_.commit(std::move(batch));
}

io::Task<Result<Bytes>> Spool::chunk(QueueId id, std::uint32_t index) {
  co_return co_await storage_.read(body_of(id), index);
}

io::Task<Result<>> Spool::apply(const Update& update) {
  storage::Batch batch;
  if (update.finish) {
    batch.erase(Space::queue, key_of(update.id));
    for (const std::uint32_t recipient : update.finish->recorded)
      batch.erase(Space::queue_state, key_of(update.id, recipient));
    batch.erase_blob(body_of(update.id), update.finish->chunk_count);
  } else {
    put_standings(batch, update.id, update.standings);
  }
  for (const Made& made : update.made) put_made(batch, made);
  recorder_.put(batch, update.id, update.events, update.now);
  co_return co_await storage_.commit(std::move(batch));
}

io::Task<Result<std::vector<std::string>>> Spool::paused() {
  std::vector<std::string> names;
  auto page = co_await storage_.scan(Space::settings, std::string(kPaused), kPausedMax);
  if (!page) co_return fail(page.error());
  for (const storage::KeyValue& pair : *page) {
    if (pair.key.starts_with(kPaused)) names.push_back(pair.key.substr(kPaused.size()));
  }
  co_return names;
}

io::Task<Result<>> Spool::set_paused(std::string destination, bool paused) {
  storage::Batch batch;
  std::string key = std::string(kPaused) + destination;
  if (paused)
    batch.put(Space::settings, std::move(key), Bytes(std::string("1")));
  else
    batch.erase(Space::settings, std::move(key));
  co_return co_await storage_.commit(std::move(batch));
}

io::Task<Result<std::optional<Listed>>> Spool::load(QueueId id) {
  const auto octets = co_await storage_.get(Space::queue, key_of(id));
  if (!octets) co_return fail(octets.error());
  if (!*octets) co_return std::nullopt;
  auto envelope = decode_envelope(**octets);
  if (!envelope || envelope->id != id) {
    log_damaged(id, envelope ? Error(Fault::malformed, "wrong id") : envelope.error());
    co_return std::nullopt;
  }
  const std::size_t recipients = envelope->recipients.size();
  const auto states = co_await storage_.scan(Space::queue_state, key_of(id), recipients);
  if (!states) co_return fail(states.error());
  Listed listed{std::move(*envelope), std::vector<Standing>(recipients)};
  for (const storage::KeyValue& pair : *states) {
    if (id_of(pair.key) != id) continue;
    take_standing(pair, listed.standings);
    listed.is_touched = true;
  }
  co_return listed;
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
      auto brief = decode_brief(pair.value);
      if (!brief) {
        log_damaged(id, brief.error());
        continue;
      }
      auto standings = co_await standings_of(id, brief->recipients.size());
      if (!standings) co_return fail(standings.error());
      briefs.emplace_back(id, std::move(*brief), std::move(*standings));
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
    if (id_of(pair.key) < id) continue;
    take_standing(pair, standings);
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
