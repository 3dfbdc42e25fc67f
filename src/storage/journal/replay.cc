#include "storage/journal/replay.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "storage/journal/segment_file.h"

namespace veredus::storage::journal {
namespace {

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
  Result<> flush() { return file_.flush(); }

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

/// The segments from that of `from` on. A last one without a whole head never had a record.
Result<std::vector<Source>> open_from(const std::string& folder, Position from) {
  Result<std::vector<std::uint64_t>> numbers = list_segments(folder);
  if (!numbers) return fail(numbers.error());
  std::uint64_t next = std::max(from.segment, std::uint64_t{1});
  std::erase_if(*numbers, [&](std::uint64_t number) { return number < next; });
  if (numbers->empty() && from.segment > 0)
    return damaged(segment_path(folder, from.segment), "is missing");
  std::vector<Source> sources;
  for (const std::uint64_t number : *numbers) {
    if (number != next) return damaged(segment_path(folder, next), "is missing");
    Result<Source> source = Source::open(folder, number);
    if (!source) return fail(source.error());
    const bool is_last = number == numbers->back();
    if (!source->head() && !is_last) return damaged(source->path(), "does not begin as it should");
    if (source->head()) sources.push_back(std::move(*source));
    ++next;
  }
  return sources;
}

}  // namespace

Result<Position> replay(const std::string& folder, Position from, const Apply& apply) {
  Result<std::vector<Source>> sources = open_from(folder, from);
  if (!sources) return fail(sources.error());
  Position end = from;
  for (auto source = sources->begin(); source != sources->end(); ++source) {
    const auto next = std::next(source);
    const bool is_last = next == sources->end();
    const std::uint64_t number = source->head()->number;
    const std::uint64_t offset = number == from.segment ? from.offset : kSegmentHeadOctets;
    // The head of the next one says where this one ends: what a failed write left is behind that.
    const std::uint64_t wanted =
        is_last ? std::numeric_limits<std::uint64_t>::max() : next->head()->previous_end.offset;
    const Result<std::uint64_t> reached = source->apply_records(offset, wanted, apply);
    if (!reached) return fail(reached.error());
    if (!is_last && *reached != wanted)
      return damaged(source->path(), "has no whole record at octet " + std::to_string(*reached));
    if (Result<> flushed = source->flush(); !flushed) return fail(flushed.error());
    end = {number, *reached};
  }
  return end;
}

}  // namespace veredus::storage::journal
