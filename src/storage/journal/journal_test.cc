// What was written is read again, whole and in order, whatever a crash left behind it.

#include <memory>
#include <ranges>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "io/temporary_folder.h"
#include "storage/journal/replay.h"
#include "storage/journal/test_support.h"
#include "storage/journal/writer.h"

namespace veredus::storage::journal {
namespace {

using support::FileSizeLimit;
using support::read_file;
using support::write_file;

struct Read {
  std::vector<std::string> changes;
  std::vector<Position> ends;
  Result<Position> end;
};

class JournalTest : public testing::Test {
 protected:
  void open(Position end = {}) { writer_ = std::make_unique<Writer>(options(), end, segments_); }
  Options options() const {
    return {.folder = folder_.path(), .sync = sync_, .segment_octets = segment_octets_};
  }

  /// Writes one record; where its bodies are, or nothing when that failed.
  std::vector<Place> write(const std::string& changes,
                           const std::vector<std::string>& bodies = {}) {
    const Result<Position> start = writer_->begin();
    if (!start) return {};
    Record record(*start);
    std::vector<Place> places;
    for (const std::string& body : bodies) places.push_back(record.add(body));
    const Result<Position> end = writer_->write(record, changes);
    if (end) ends_.push_back(*end);
    return end ? places : std::vector<Place>();
  }
  Read read(Position from = {}) const {
    Read read;
    read.end = replay(folder_.path(), from, [&](std::string changes, Position end) -> Result<> {
      read.changes.push_back(std::move(changes));
      read.ends.push_back(end);
      return {};
    });
    return read;
  }
  std::string path(std::uint64_t segment) const { return segment_path(folder_.path(), segment); }
  std::string body_at(const Place& place) const {
    return read_file(path(place.start.segment)).substr(place.start.offset, place.octets);
  }

  io::TemporaryFolder folder_;
  bool sync_ = true;
  std::uint64_t segment_octets_ = 1 << 20;
  Segments segments_;
  std::unique_ptr<Writer> writer_;
  std::vector<Position> ends_;
};

using Texts = std::vector<std::string>;

TEST_F(JournalTest, AnEmptyFolderHasNothing) {
  const Read found = read();
  EXPECT_TRUE(found.changes.empty());
  ASSERT_TRUE(found.end);
  EXPECT_EQ(*found.end, Position());
}

TEST_F(JournalTest, RecordsComeBackInOrderAndBodiesLieWhereTheirPlacesSay) {
  open();
  write("one");
  const std::vector<Place> places = write("two", {"first body", "", std::string(300'000, 'x')});
  write("");
  const Read found = read();
  EXPECT_EQ(found.changes, (Texts{"one", "two", ""}));
  EXPECT_EQ(found.ends, ends_);
  EXPECT_EQ(found.end, ends_.back());
  ASSERT_EQ(places.size(), 3U);
  EXPECT_EQ(body_at(places[0]), "first body");
  EXPECT_EQ(places[1].octets, 0U);
  EXPECT_EQ(body_at(places[2]), std::string(300'000, 'x'));
  EXPECT_EQ(places[2].checksum, checksum_of(std::string(300'000, 'x')));
}

TEST_F(JournalTest, ManyPartsInOneRecord) {
  open();
  const std::vector<std::string> bodies(3000, "part");  // More than one system call takes.
  const std::vector<Place> places = write("many", bodies);
  ASSERT_EQ(places.size(), bodies.size());
  EXPECT_EQ(body_at(places.back()), "part");
  EXPECT_EQ(read().changes, Texts{"many"});
}

TEST_F(JournalTest, ReplayGoesOnFromWhereItIsTold) {
  segment_octets_ = 200;
  open();
  for (const int i : std::views::iota(0, 9)) write(std::to_string(i), {std::string(60, 'b')});
  ASSERT_GT(ends_.back().segment, 3U);
  for (const std::size_t done : std::views::iota(std::size_t{0}, ends_.size())) {
    const Read found = read(ends_[done]);
    EXPECT_EQ(found.changes.size(), ends_.size() - done - 1) << done;
    EXPECT_EQ(found.end, ends_.back()) << done;
  }
}

TEST_F(JournalTest, SegmentsThatAreAppliedMayBeGone) {
  segment_octets_ = 100;
  open();
  for (const int i : std::views::iota(0, 5)) write(std::to_string(i), {std::string(60, 'b')});
  std::filesystem::remove(path(1));
  std::filesystem::remove(path(2));
  EXPECT_EQ(read(ends_[2]).changes, (Texts{"3", "4"}));
}

// A crash may leave the file at any length.
TEST_F(JournalTest, ATornRecordAtTheEndIsLeftOutWhereverItIsTorn) {
  open();
  write("one", {"body one"});
  write("two", {"body two"});
  write("three", {"body three", "and more"});
  const std::string whole = read_file(path(1));
  ASSERT_EQ(whole.size(), ends_.back().offset);
  for (std::size_t size = kSegmentHeadOctets; size < whole.size(); ++size) {
    write_file(path(1), whole.substr(0, size));
    std::size_t want = 0;
    while (ends_[want].offset <= size) ++want;
    const Read cut = read();
    ASSERT_TRUE(cut.end) << size;
    EXPECT_EQ(cut.changes.size(), want) << size;
    // Or it left the length and not the octets.
    write_file(path(1), whole.substr(0, size) + std::string(whole.size() - size, '\0'));
    EXPECT_EQ(read().changes.size(), want) << size;
  }
}

TEST_F(JournalTest, AnyOctetThatIsAnotherMakesARecordNoRecord) {
  open();
  write("one", {"body one"});
  write("two", {"body two"});
  const std::string whole = read_file(path(1));
  for (std::size_t at = ends_[0].offset; at < whole.size(); ++at) {
    std::string other = whole;
    other[at] = static_cast<char>(other[at] ^ 0x10);
    write_file(path(1), other);
    EXPECT_EQ(read().changes, Texts{"one"}) << at;
  }
}

// No crash does that: each record was on the disk before the next one was begun.
TEST_F(JournalTest, ARecordThatIsNotWholeBeforeOneThatIsIsDamage) {
  open();
  write("one", {"body one"});
  write("two", {"body two"});
  write("three", {"body three"});
  const std::string whole = read_file(path(1));
  for (std::size_t at = kSegmentHeadOctets; at < ends_[1].offset; ++at) {
    std::string other = whole;
    other[at] = static_cast<char>(other[at] ^ 0x10);
    write_file(path(1), other);
    const Read found = read();
    ASSERT_FALSE(found.end) << at;
    EXPECT_TRUE(found.end.error().text().contains("but behind it")) << found.end.error().text();
  }
}

// Without waiting for the disk it may: what comes behind is given up, as is documented.
TEST_F(JournalTest, WithoutSyncWhatIsBehindAHoleIsGivenUp) {
  sync_ = false;
  open();
  write("one", {"body one"});
  write("two", {"body two"});
  std::string octets = read_file(path(1));
  octets[ends_[0].offset - 1] = '!';
  write_file(path(1), octets);
  const Read found = read();
  EXPECT_TRUE(found.changes.empty());
  ASSERT_TRUE(found.end);
  EXPECT_EQ(*found.end, (Position{1, kSegmentHeadOctets}));
}

TEST_F(JournalTest, AfterATornEndItGoesOnInASegmentThatSaysWhereTheOldOneEnds) {
  open();
  write("one", {"body one"});
  write("torn", {"body"});
  const std::string whole = read_file(path(1));
  write_file(path(1), whole.substr(0, whole.size() - 1));
  Read found = read();
  ASSERT_TRUE(found.end);
  open(*found.end);
  write("two");
  // What is behind the end is left alone, even if it were whole.
  write_file(path(1), whole);
  found = read();
  EXPECT_EQ(found.changes, (Texts{"one", "two"}));
  EXPECT_EQ(found.end->segment, 2U);
}

TEST_F(JournalTest, ARecordBelongsToItsPlace) {
  open();
  write("one", {"12345"});
  write("two", {"12345"});
  const std::string whole = read_file(path(1));
  const std::size_t first = ends_[0].offset;
  write_file(path(1),
             whole.substr(0, first) + whole.substr(kSegmentHeadOctets, first - kSegmentHeadOctets));
  EXPECT_EQ(read().changes, Texts{"one"}) << "the same octets a second time are no record";
}

TEST_F(JournalTest, AFailedWriteIsNeverTakenForARecordOnceOthersFollow) {
  open();
  write("one", {std::string(1000, 'a')});
  {
    const FileSizeLimit limit(2000);
    EXPECT_TRUE(write("failed", {std::string(5000, 'b')}).empty());
    const FileSizeLimit tight(16);
    EXPECT_FALSE(writer_->begin()) << "no new segment can be made";
    EXPECT_FALSE(writer_->begin());
  }
  EXPECT_FALSE(write("two", {std::string(1000, 'c')}).empty());
  EXPECT_EQ(ends_.back().segment, 2U);
  EXPECT_EQ(read().changes, (Texts{"one", "two"}));
}

TEST_F(JournalTest, DamageBeforeTheEndIsSaid) {
  segment_octets_ = 100;
  open();
  for (const int i : std::views::iota(0, 4)) write(std::to_string(i), {std::string(60, 'b')});
  const std::string second = read_file(path(2));
  std::string other = second;
  other.back() = 'x';
  write_file(path(2), other);
  Read found = read();
  ASSERT_FALSE(found.end);
  EXPECT_EQ(found.end.error().fault(), Fault::unavailable);
  EXPECT_TRUE(found.end.error().text().contains(path(2) + " has no whole record at octet 48"))
      << found.end.error().text();

  write_file(path(2), "VRDS");
  found = read();
  ASSERT_FALSE(found.end);
  EXPECT_TRUE(found.end.error().text().contains("does not begin as it should"));

  std::filesystem::remove(path(2));
  found = read();
  ASSERT_FALSE(found.end);
  EXPECT_TRUE(found.end.error().text().contains(path(2) + " is missing"));
  found = read(Position{5, 48});
  ASSERT_FALSE(found.end);
  EXPECT_TRUE(found.end.error().text().contains(path(5) + " is missing"));
}

// A crash while a segment was made.
TEST_F(JournalTest, ALastSegmentWithoutAWholeHeadIsMadeAnew) {
  segment_octets_ = 100;
  open();
  write("one", {std::string(60, 'b')});
  for (const std::string& left :
       {std::string(), encode(SegmentHead{2, {1, 1}}).substr(0, 40), std::string(48, '\0')}) {
    write_file(path(2), left);
    const Read found = read();
    EXPECT_EQ(found.changes, Texts{"one"});
    ASSERT_TRUE(found.end);
    EXPECT_EQ(*found.end, ends_[0]);
  }
  open(ends_[0]);
  write("two");
  EXPECT_EQ(ends_.back().segment, 2U);
  EXPECT_EQ(read().changes, (Texts{"one", "two"}));
}

// The file of a segment that is gone is written anew: its old records are still behind the new
// ones.
TEST_F(JournalTest, OldRecordsInAFileThatIsUsedAgainAreNone) {
  segment_octets_ = 400;
  open();
  for (const int i : std::views::iota(0, 4)) write(std::to_string(i), {std::string(76, 'a')});
  ASSERT_EQ(ends_.back().segment, 1U);
  ASSERT_TRUE(segments_.load(folder_.path()));
  ASSERT_EQ(segments_.remove_unused(2), 1U);
  EXPECT_FALSE(std::filesystem::exists(path(1)));
  write("next", {std::string(73, 'b')});  // As long as each of the old ones.
  EXPECT_EQ(ends_.back().segment, 2U);
  EXPECT_GT(read_file(path(2)).size(), 400U) << "a file of its own";
  const Read found = read(Position{2, kSegmentHeadOctets});
  EXPECT_EQ(found.changes, Texts{"next"});
  EXPECT_EQ(found.end, ends_.back());
  // It goes on after a crash, and what is behind stays behind.
  open(*found.end);
  write("last");
  EXPECT_EQ(read(Position{2, kSegmentHeadOctets}).changes, (Texts{"next", "last"}));
}

// It had a head once: what is applied was read from it.
TEST_F(JournalTest, ASegmentThatIsAppliedInPartHasAHead) {
  open();
  write("one");
  write_file(path(1), "VRDS");
  const Read found = read(ends_[0]);
  ASSERT_FALSE(found.end);
  EXPECT_TRUE(found.end.error().text().contains("does not begin as it should"));
}

TEST_F(JournalTest, AWriteThatFailedLeavesNothingBehind) {
  open();
  write("one", {std::string(1000, 'a')});
  {
    const FileSizeLimit limit(2000);
    EXPECT_TRUE(write("failed", {std::string(5000, 'b')}).empty());
  }
  EXPECT_EQ(read_file(path(1)).size(), ends_.back().offset);
}

TEST_F(JournalTest, ANewerSegmentIsRefused) {
  open();
  write("one");
  std::string octets = read_file(path(1));
  octets[11] = 2;
  write_file(path(1), octets);
  const Read found = read();
  ASSERT_FALSE(found.end);
  EXPECT_EQ(found.end.error().fault(), Fault::refused);
}

TEST_F(JournalTest, WhatApplyFailsWithEndsTheReplay) {
  open();
  write("one");
  write("two");
  int calls = 0;
  const Result<Position> end =
      replay(folder_.path(), {}, [&](const std::string&, Position) -> Result<> {
        ++calls;
        return fail(Fault::overloaded, "no room");
      });
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().text(), "no room");
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace veredus::storage::journal
