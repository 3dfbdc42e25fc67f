#include "storage/rocksdb/layout.h"

#include <gtest/gtest.h>

namespace veredus::storage {
namespace {

TEST(Layout, ChunkKeysSortByBlobThenChunk) {
  EXPECT_LT(chunk_key({BlobId{1}, 255}), chunk_key({BlobId{1}, 256}));
  EXPECT_LT(chunk_key({BlobId{1}, 0xffffffff}), chunk_key({BlobId{2}, 0}));
  EXPECT_LT(chunk_key({BlobId{255}, 0}), chunk_key({BlobId{256}, 0}));
}

TEST(Layout, ChunkKeyReadsBack) {
  const BlobId id{0x8102030405060708};
  const std::string key = chunk_key({id, 0x01020304});
  EXPECT_EQ(key, std::string("\x81\x02\x03\x04\x05\x06\x07\x08\x01\x02\x03\x04", 12));
  const std::optional<ChunkName> name = chunk_name(key);
  ASSERT_TRUE(name);
  EXPECT_EQ(name->id, id);
  EXPECT_EQ(name->chunk, 0x01020304U);
  EXPECT_FALSE(chunk_name(key.substr(1)));
}

TEST(Layout, KeysOfASpaceLieBeforeItsEnd) {
  EXPECT_LT(meta_key(Space::queue, "\xff\xff\xff"), meta_end(Space::queue));
  EXPECT_LE(meta_end(Space::queue), meta_key(Space::queue_state, ""));
}

TEST(Layout, UnclaimedMarkerNamesItsBlob) {
  EXPECT_EQ(unclaimed_blob(unclaimed_key(BlobId{77})), BlobId{77});
  EXPECT_FALSE(unclaimed_blob(format_key()));
  EXPECT_FALSE(unclaimed_blob(unclaimed_prefix()));
}

}  // namespace
}  // namespace veredus::storage
