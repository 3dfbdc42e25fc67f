#include "storage/journal/replay.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "storage/journal/segment_file.h"

namespace veredus::storage::journal {
namespace {

constexpr std::uint64_t kNoEnd = std::numeric_limits<std::uint64_t>::max();

std::unexpected<Error> damaged(const std::string& path, const std::string& how) {
  return fail(Fault::unavailable, "the storage is damaged: " + path + " " + how +
                                      "; restore the storage from a backup");
}

/// A segment that is being read.
class Source {
 public:
  static Result<Source> open(const std::string& folder, std::uint64_t number);

  const std::string& path() const { return path_; }
  /// Nothing if it is not whole: a crash left it so.
  const std::optional<SegmentHead>& head() const { return head_; }
  /// Applies the records from `offset` to `end`, or to the first that is not whole; returns where
  /// the last one ended.
  Result<std::uint64_t> apply_records(std::uint64_t offset, std::uint64_t end, const Apply& apply);
  /// Whether there is a whole record anywhere from `offset` on.
  Result<bool> has_record_behind(std::uint64_t offset) const;

 private:
  Source(std::string path, SegmentFile file) : path_(std::move(path)), file_(std::move(file)) {}

  struct Whole {
    std::uint64_t end;
    std::string changes;
  };
  Result<std::optional<Whole>> read_record(std::uint64_t offset, std::uint64_t end) const;
  Result<bool> are_bodies_whole(std::uint64_t offset, std::string_view table) const;

  std::string path_;
  SegmentFile file_;
  std::optional<SegmentHead> head_;
  std::uint64_t size_ = 0;
};

Result<Source> Source::open(const std::string& folder, std::uint64_t number) {
  Result<SegmentFile> file = SegmentFile::open(segment_path(folder, number));
  if (!file) return fail(file.error());
  Source source(segment_path(folder, number), std::move(*file));
  if (Result<> done = source.file_.forget_cached(); !done) return fail(done.error());
  const Result<std::string> head = source.file_.read(0, kSegmentHeadOctets);
  if (!head) return fail(head.error());
  if (is_newer_segment(*head)) {
    return fail(Fault::refused,
                source.path_ + " was written by a newer veredus: run the newer version");
  }
  source.head_ = decode_segment_head(*head);
  if (source.head_ && source.head_->number != number) source.head_.reset();
  const Result<std::uint64_t> size = source.file_.size();
  if (!size) return fail(size.error());
  source.size_ = *size;
  return source;
}

Result<std::uint64_t> Source::apply_records(std::uint64_t offset, std::uint64_t end,
                                            const Apply& apply) {
  end = std::min(end, size_);
  for (;;) {
    Result<std::optional<Whole>> record = read_record(offset, end);
    if (!record) return fail(record.error());
    if (!*record) return offset;
    offset = (*record)->end;
    if (Result<> applied = apply(std::move((*record)->changes), {head_->number, offset}); !applied)
      return fail(applied.error());
  }
}

/// Nothing if there is no whole record.
Result<std::optional<Source::Whole>> Source::read_record(std::uint64_t offset,
                                                         std::uint64_t end) const {
  if (offset > end || end - offset < kRecordHeadOctets) return std::nullopt;
  const Result<std::string> head_octets = file_.read(offset, kRecordHeadOctets);
  if (!head_octets) return fail(head_octets.error());
  if (head_octets->size() < kRecordHeadOctets) return std::nullopt;
  const RecordHead head = decode_record_head(*head_octets);
  const std::uint64_t room = end - offset - kRecordHeadOctets;
  const bool fits = head.bodies_octets <= room && head.tail_octets() <= room - head.bodies_octets;
  if (!fits) return std::nullopt;

  const std::uint64_t bodies = offset + kRecordHeadOctets;
  const Result<std::string> tail = file_.read(bodies + head.bodies_octets, head.tail_octets());
  if (!tail) return fail(tail.error());
  if (tail->size() < head.tail_octets()) return std::nullopt;
  const std::size_t table_octets = head.body_count * kTableEntryOctets;
  const std::string_view table = std::string_view(*tail).substr(0, table_octets);
  std::string changes = tail->substr(table_octets);
  const std::uint64_t checksum = record_checksum({head_->number, offset}, head, table, changes);
  if (checksum != head.checksum) return std::nullopt;
  const Result<bool> whole = are_bodies_whole(bodies, table);
  if (!whole) return fail(whole.error());
  if (!*whole) return std::nullopt;
  return Whole{offset + head.record_octets(), std::move(changes)};
}

Result<bool> Source::are_bodies_whole(std::uint64_t offset, std::string_view table) const {
  for (const TableEntry& entry : decode_table(table)) {
    const Result<std::string> body = file_.read(offset, entry.octets);
    if (!body) return fail(body.error());
    if (body->size() < entry.octets || checksum_of(*body) != entry.checksum) return false;
    offset += entry.octets;
  }
  return true;
}

/// Looks at every octet: a record may begin at any.
Result<bool> Source::has_record_behind(std::uint64_t offset) const {
  constexpr std::uint64_t kPieceOctets = 1024UL * 1024;
  for (; offset + kRecordHeadOctets <= size_; offset += kPieceOctets) {
    const auto piece = file_.read(offset, kPieceOctets + kRecordHeadOctets - 1);
    if (!piece) return fail(piece.error());
    for (std::size_t at = 0; at + kRecordHeadOctets <= piece->size(); ++at) {
      const RecordHead head = decode_record_head(std::string_view(*piece).substr(at));
      const bool is_likely = head.checksum != 0 && head.record_octets() <= size_;
      if (!is_likely) continue;
      const Result<std::optional<Whole>> record = read_record(offset + at, size_);
      if (!record) return fail(record.error());
      if (*record) return true;
    }
  }
  return false;
}

/// The segments from that of `from` on, each number once. Errors: unavailable when one is missing.
Result<std::vector<std::uint64_t>> numbers_from(const std::string& folder, Position from) {
  Result<std::vector<std::uint64_t>> numbers = list_segments(folder);
  if (!numbers) return numbers;
  std::uint64_t next = std::max(from.segment, std::uint64_t{1});
  std::erase_if(*numbers, [&](std::uint64_t number) { return number < next; });
  if (numbers->empty() && from.segment > 0)
    return damaged(segment_path(folder, from.segment), "is missing");
  for (const std::uint64_t number : *numbers) {
    if (number != next) return damaged(segment_path(folder, next), "is missing");
    ++next;
  }
  return numbers;
}

/// The one with that number; nothing for a last one that a crash left without a whole head, so that
/// it never had a record.
Result<std::optional<Source>> open_source(const std::string& folder, std::uint64_t number,
                                          bool may_be_unmade) {
  Result<Source> source = Source::open(folder, number);
  if (!source) return fail(source.error());
  if (source->head()) return std::move(*source);
  if (may_be_unmade) return std::nullopt;
  return damaged(source->path(), "does not begin as it should");
}

/// Applies one segment; `next` is the one behind it, if any. Returns where it ends.
Result<Position> replay_segment(Source& source, const std::optional<Source>& next, Position from,
                                const Apply& apply) {
  const SegmentHead& head = *source.head();
  const std::uint64_t offset = head.number == from.segment ? from.offset : kSegmentHeadOctets;
  // The head of the next one says where this one ends: what a failed write left is behind that.
  const std::uint64_t end = next ? next->head()->previous_end.offset : kNoEnd;
  const Result<std::uint64_t> reached = source.apply_records(offset, end, apply);
  if (!reached) return fail(reached.error());
  const std::string where = "has no whole record at octet " + std::to_string(*reached);
  if (head.is_flushed && next && *reached != end) return damaged(source.path(), where);
  if (head.is_flushed && !next) {
    const Result<bool> more = source.has_record_behind(*reached + 1);
    if (!more) return fail(more.error());
    if (*more) return damaged(source.path(), where + ", but behind it");
  }
  return Position{head.number, *reached};
}

}  // namespace

Result<Position> replay(const std::string& folder, Position from, const Apply& apply) {
  const Result<std::vector<std::uint64_t>> numbers = numbers_from(folder, from);
  if (!numbers) return fail(numbers.error());
  Position end = from;
  std::optional<Source> source;
  for (auto number = numbers->begin(); number != numbers->end(); ++number) {
    const bool is_first = number == numbers->begin();
    const bool is_last = std::next(number) == numbers->end();
    // Where the first one is asked for by an offset in it, it has been made.
    const bool may_be_unmade = is_last && *number != from.segment;
    Result<std::optional<Source>> next = open_source(folder, *number, may_be_unmade);
    if (!next) return fail(next.error());
    if (!is_first) {
      const Result<Position> reached = replay_segment(*source, *next, from, apply);
      if (!reached) return reached;
      end = *reached;
    }
    source = std::move(*next);
  }
  if (!source) return end;
  return replay_segment(*source, std::nullopt, from, apply);
}

}  // namespace veredus::storage::journal
