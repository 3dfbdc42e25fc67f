#include "storage/journal/segments.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "io/temporary_folder.h"
#include "storage/journal/segment_file.h"
#include "storage/journal/test_support.h"

namespace veredus::storage::journal {
namespace {

constexpr std::uint64_t kSegmentOctets = std::uint64_t{48} * 1024 * 1024;

class SegmentsTest : public testing::Test {
 protected:
  SegmentsTest() {
    // Octets that take room: what is only set long is a hole already.
    for (const std::uint64_t number : {1U, 2U, 3U})
      support::write_file(path(number), std::string(kSegmentOctets, 'x'));
    EXPECT_TRUE(segments_.load(folder_.path()));
  }

  std::string path(std::uint64_t number) const { return segment_path(folder_.path(), number); }
  bool is_there(std::uint64_t number) const { return std::filesystem::exists(path(number)); }
  std::uint64_t on_disk(std::uint64_t number) const {
    return SegmentFile::open(path(number))->octets_on_disk().value();
  }
  std::string read(std::uint64_t number, std::uint64_t offset, std::uint64_t octets) const {
    return SegmentFile::open(path(number))->read(offset, octets).value();
  }
  static Place place(std::uint64_t segment, std::uint64_t offset, std::uint32_t octets) {
    return {{segment, offset}, octets, 0};
  }

  io::TemporaryFolder folder_;
  Segments segments_;
};

TEST_F(SegmentsTest, WhatIsNotInUseAndAppliedIsRemoved) {
  segments_.add(place(1, 100, 10));
  segments_.add(place(1, 110, 10));
  EXPECT_EQ(segments_.remove_unused(3), 1U);
  EXPECT_TRUE(is_there(1));
  EXPECT_FALSE(is_there(2));
  EXPECT_TRUE(is_there(3)) << "a start may still have to read it";

  segments_.remove(place(1, 100, 10));
  EXPECT_EQ(segments_.remove_unused(3), 0U);
  segments_.remove(place(1, 110, 10));
  EXPECT_EQ(segments_.remove_unused(3), 1U);
  EXPECT_FALSE(is_there(1));
  EXPECT_EQ(segments_.remove_unused(3), 0U);
}

TEST_F(SegmentsTest, AFewFilesStayAsSpares) {
  EXPECT_EQ(segments_.remove_unused(4), 3U);
  EXPECT_EQ(list_spares(folder_.path())->size(), 2U);
  EXPECT_TRUE(list_segments(folder_.path())->empty());
  EXPECT_TRUE(segments_.take_spare(path(7)));
  EXPECT_EQ(read(7, 100, 3), "xxx");
  Segments others;
  ASSERT_TRUE(others.load(folder_.path()));
  EXPECT_TRUE(others.take_spare(path(8)));
  EXPECT_FALSE(others.take_spare(path(9)));
  EXPECT_TRUE(is_there(8));
}

TEST_F(SegmentsTest, ABodyWithoutOctetsIsInUseToo) {
  segments_.add(place(1, 100, 0));
  EXPECT_EQ(segments_.remove_unused(2), 0U);
  segments_.remove(place(1, 100, 0));
  EXPECT_EQ(segments_.remove_unused(2), 1U);
}

TEST_F(SegmentsTest, ASegmentIsKnownFromItsBeginningOn) {
  support::write_file(path(4), "head");
  segments_.begin(4);
  EXPECT_EQ(segments_.remove_unused(5), 4U);
  EXPECT_FALSE(is_there(4));
}

TEST_F(SegmentsTest, FewOctetsInUseAmongManyAreFoundAndTheirNeighboursGivenBack) {
  const Place first = place(1, 5'000'000, 300);
  const Place second = place(1, 40'000'000, 5'000'000);
  segments_.add(first);
  segments_.add(second);
  segments_.add(place(2, 48, kSegmentOctets / 4 * 3));
  EXPECT_TRUE(segments_.sparse(1).empty());
  EXPECT_TRUE(segments_.sparse(3).empty()) << "of both together less than half is wasted";
  segments_.add(place(3, 48, 1000));
  EXPECT_EQ(segments_.sparse(4), (std::vector<std::uint64_t>{1, 3}));

  ASSERT_TRUE(segments_.release_unused(1, {second, first}));
  EXPECT_LT(on_disk(1), 5'100'000U);
  for (const Place& used : {place(1, 0, 48), first, second})
    EXPECT_EQ(read(1, used.start.offset, used.octets), std::string(used.octets, 'x'));
  EXPECT_EQ(read(1, 20'000'000, 1), std::string(1, '\0'));
  EXPECT_EQ(read(1, kSegmentOctets - 1, 2).size(), 1U) << "its length stays";
}

TEST_F(SegmentsTest, WhatHasBeenGivenBackIsNotLookedForAgainUntilMuchMoreIsGone) {
  for (const std::uint64_t number : {1U, 2U, 3U}) segments_.add(place(number, 4096, 2'000'000));
  ASSERT_EQ(segments_.sparse(4).size(), 3U);
  // As if it were all in small pieces: nothing can be given back.
  ASSERT_TRUE(segments_.release_unused(1, {place(1, 48, kSegmentOctets - 48)}));
  EXPECT_EQ(segments_.sparse(4), (std::vector<std::uint64_t>{2, 3}));
  segments_.remove(place(1, 4096, 1'100'000));
  EXPECT_EQ(segments_.sparse(4).size(), 3U);
}

}  // namespace
}  // namespace veredus::storage::journal
