#include "storage/journal/format.h"

#include <gtest/gtest.h>

namespace veredus::storage::journal {
namespace {

using namespace std::string_literals;

TEST(JournalFormat, PositionsAndPlacesAreWhatIsOnDisk) {
  const Position position{0x0102030405060708, 0x1112131415161718};
  EXPECT_EQ(encode(position), "\x01\x02\x03\x04\x05\x06\x07\x08\x11\x12\x13\x14\x15\x16\x17\x18"s);
  EXPECT_EQ(decode_position(encode(position)), position);
  const Place place{position, 0x21222324, 0x3132333435363738};
  EXPECT_EQ(encode(place), encode(position) + "\x21\x22\x23\x24\x31\x32\x33\x34\x35\x36\x37\x38"s);
  EXPECT_EQ(decode_place(encode(place)), place);
}

TEST(JournalFormat, WhatHasAnotherLengthIsNone) {
  EXPECT_FALSE(decode_position(encode(Position{1, 2}) + "x"));
  EXPECT_FALSE(decode_position(""));
  EXPECT_FALSE(decode_place(encode(Place()).substr(1)));
  EXPECT_FALSE(decode_place(encode(Place()) + "x"));
}

TEST(JournalFormat, LaterPlacesAreGreater) {
  EXPECT_LT((Position{1, 900}), (Position{2, 0}));
  EXPECT_LT((Position{2, 1}), (Position{2, 2}));
}

/// The checksum itself is on disk too: another library must come to the same.
TEST(JournalFormat, TheChecksumIsXxh3) {
  EXPECT_EQ(checksum_of(""), 0x2d06800538d394c2U);
  EXPECT_EQ(checksum_of("veredus"), 0x8c2d9660fa2e26cU);
  std::string long_text;  // Longer than what the library does in its simple way.
  for (int i = 0; i < 300; ++i) long_text += static_cast<char>('a' + i % 26);
  EXPECT_EQ(checksum_of(long_text), 0x7f720c1f731c9648U);
}

TEST(JournalFormat, ASegmentHeadIsReadBackAndAnyOtherOctetIsSeen) {
  const SegmentHead head{7, {6, 12345}};
  const std::string octets = encode(head);
  ASSERT_EQ(octets.size(), kSegmentHeadOctets);
  EXPECT_TRUE(octets.starts_with("VRDSJRNL\0\0\0\x01\0\0\0\0"s));
  EXPECT_EQ(decode_segment_head(octets), head);
  for (std::size_t at = 0; at < octets.size(); ++at) {
    std::string other = octets;
    other[at] = static_cast<char>(other[at] ^ 0x40);
    EXPECT_FALSE(decode_segment_head(other)) << at;
    EXPECT_FALSE(decode_segment_head(octets.substr(0, at))) << at;
  }
}

TEST(JournalFormat, ANewerSegmentIsKnownAsOne) {
  std::string octets = encode(SegmentHead{1, {}});
  EXPECT_FALSE(is_newer_segment(octets));
  octets[11] = 2;
  EXPECT_TRUE(is_newer_segment(octets));
  EXPECT_FALSE(is_newer_segment("VRDS"));
}

TEST(JournalFormat, ARecordsChecksumCoversItsPlaceCountsTableAndChanges) {
  const RecordHead head{.checksum = 0, .bodies_octets = 5, .changes_octets = 7, .body_count = 1};
  const std::string table = encode(std::vector<TableEntry>{{5, 99}});
  ASSERT_EQ(table.size(), kTableEntryOctets);
  const std::uint64_t checksum = record_checksum({1, 48}, head, table, "changes");
  EXPECT_NE(checksum, record_checksum({2, 48}, head, table, "changes"));
  EXPECT_NE(checksum, record_checksum({1, 49}, head, table, "changes"));
  RecordHead other = head;
  other.bodies_octets = 6;
  EXPECT_NE(checksum, record_checksum({1, 48}, other, table, "changes"));
  EXPECT_NE(checksum, record_checksum({1, 48}, head, table, "Changes"));
  EXPECT_NE(checksum,
            record_checksum({1, 48}, head, encode(std::vector<TableEntry>{{5, 98}}), "changes"));
  EXPECT_EQ(head.record_octets(), kRecordHeadOctets + 5 + kTableEntryOctets + 7);
}

}  // namespace
}  // namespace veredus::storage::journal
