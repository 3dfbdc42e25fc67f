#include "storage/journal/writer.h"

#include <utility>

#include "io/real_files.h"

namespace veredus::storage::journal {

Place Record::add(std::string_view octets) {
  const Position start{start_.segment, start_.offset + kRecordHeadOctets + bodies_octets_};
  const Place place{start, static_cast<std::uint32_t>(octets.size()), checksum_of(octets)};
  bodies_.push_back(octets);
  table_.emplace_back(place.octets, place.checksum);
  bodies_octets_ += octets.size();
  return place;
}

Result<Position> Writer::begin() {
  const bool is_full = end_.offset >= options_.segment_octets;
  if (file_.is_open() && !is_full && !failed_) return end_;
  if (Result<> opened = open_next(); !opened) return fail(opened.error());
  failed_ = false;
  return end_;
}

/// The head and the name are made durable before a record relies on them.
Result<> Writer::open_next() {
  // Without `sync` too: at the latest here, what the next segment's head says of this one is true.
  if (file_.is_open() && !failed_) {
    if (Result<> flushed = file_.flush(); !flushed) {
      failed_ = true;
      return flushed;
    }
  }
  const SegmentHead head{end_.segment + 1, end_, options_.sync};
  const std::string path = segment_path(options_.folder, head.number);
  // The records of a spare are none here: theirs is another place.
  Result<SegmentFile> file =
      segments_->take_spare(path) ? SegmentFile::open(path) : SegmentFile::create(path);
  if (!file) return fail(file.error());
  Result<> made = file->write(0, {encode(head)});
  if (made) made = file->flush();
  if (made) made = io::RealFiles().sync_directory(options_.folder);
  if (!made) return made;
  segments_->begin(head.number);
  file_ = std::move(*file);
  end_ = {head.number, kSegmentHeadOctets};
  return {};
}

Result<Position> Writer::write(const Record& record, std::string_view changes) {
  RecordHead head{.checksum = 0,
                  .bodies_octets = record.bodies_octets_,
                  .changes_octets = static_cast<std::uint32_t>(changes.size()),
                  .body_count = static_cast<std::uint32_t>(record.table_.size())};
  if (Result<> written = append(record, changes, head); !written) {
    failed_ = true;
    file_.cut(end_.offset);
    return fail(written.error());
  }
  end_.offset += head.record_octets();
  return end_;
}

Result<> Writer::append(const Record& record, std::string_view changes, const RecordHead& head) {
  const std::string table = encode(record.table_);
  RecordHead checked = head;
  checked.checksum = record_checksum(end_, head, table, changes);
  const std::string head_octets = encode(checked);
  std::vector<std::string_view> parts;
  parts.reserve(record.bodies_.size() + 3);
  parts.emplace_back(head_octets);
  parts.insert(parts.end(), record.bodies_.begin(), record.bodies_.end());
  parts.emplace_back(table);
  parts.emplace_back(changes);
  if (Result<> written = file_.write(end_.offset, parts); !written) return written;
  if (!options_.sync) return {};
  return file_.flush();
}

}  // namespace veredus::storage::journal
