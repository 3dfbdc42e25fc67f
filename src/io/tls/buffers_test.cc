#include "io/tls/buffers.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "io/tls/openssl.h"

namespace veredus::io::tls {
namespace {

class BuffersTest : public testing::Test {
 protected:
  void arrive(std::string_view octets) {
    std::ranges::copy(octets, buffers_.room().begin());
    buffers_.came(octets.size());
  }
  /// What the BIO gives to who asks for so much; "-" for "not yet".
  std::string read(int octets) {
    std::array<char, 100> into{};
    const int count = BIO_read(bio_.get(), into.data(), octets);
    if (count > 0) return {into.data(), static_cast<std::size_t>(count)};
    return BIO_should_read(bio_.get()) != 0 && BIO_eof(bio_.get()) == 0 ? "-" : "end";
  }

  Buffers buffers_;
  const Bio bio_{buffers_.make_bio()};
};

TEST_F(BuffersTest, EmptyIsNotYetAndNeverTheEnd) {
  EXPECT_EQ(read(5), "-");
  arrive("heads and bodies");
  EXPECT_TRUE(buffers_.has_input());
  EXPECT_EQ(BIO_pending(bio_.get()), 16);
  EXPECT_EQ(read(5), "heads");
  EXPECT_EQ(read(50), " and bodies");
  EXPECT_FALSE(buffers_.has_input());
  EXPECT_EQ(read(5), "-");
  arrive("more");
  EXPECT_EQ(read(50), "more");
}

TEST_F(BuffersTest, OutputIsTakenOnce) {
  buffers_.expect_output(100);
  EXPECT_FALSE(buffers_.has_output());
  EXPECT_EQ(BIO_write(bio_.get(), "one", 3), 3);
  EXPECT_EQ(BIO_write(bio_.get(), "two", 3), 3);
  EXPECT_EQ(BIO_flush(bio_.get()), 1);
  EXPECT_EQ(buffers_.output_octets(), 6U);
  EXPECT_EQ(buffers_.take_output(), "onetwo");
  EXPECT_FALSE(buffers_.has_output());
  EXPECT_EQ(buffers_.take_output(), "");
}

TEST_F(BuffersTest, WhatIsSentIsRoomForTheNextOutput) {
  buffers_.expect_output(100);
  EXPECT_EQ(BIO_write(bio_.get(), "one", 3), 3);
  std::string sent = buffers_.take_output();
  const char* const memory = sent.data();
  Buffers::give_back(std::move(sent));
  Buffers other;
  const Bio bio(other.make_bio());
  other.expect_output(100);
  EXPECT_FALSE(other.has_output());
  EXPECT_EQ(BIO_write(bio.get(), "two", 3), 3);
  sent = other.take_output();
  EXPECT_EQ(sent, "two");
  EXPECT_EQ(sent.data(), memory);
}

TEST_F(BuffersTest, MemoryOfMuchOutputIsNotKept) {
  std::string large(1'000'000, 'x');
  Buffers::give_back(std::move(large));
  buffers_.expect_output(100);
  EXPECT_EQ(BIO_write(bio_.get(), "one", 3), 3);
  EXPECT_LT(buffers_.take_output().capacity(), 100'000U);
}

TEST_F(BuffersTest, WhatIsReadIsSomebodyElsesRoom) {
  const char* const first = buffers_.room().data();
  arrive("x");
  Buffers other;
  EXPECT_NE(other.room().data(), first) << "one has octets in it";
  EXPECT_EQ(read(1), "x");
  Buffers another;
  EXPECT_EQ(another.room().data(), first);
  another.came(0);
  Buffers last;
  EXPECT_EQ(last.room().data(), first) << "nothing came, so it was given back";
}

TEST_F(BuffersTest, RoomBeginsInTheMiddleOfAPage) {
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffers_.room().data()) % kPageOctets,
            kPageOctets / 2);
  EXPECT_GE(buffers_.room().size(), 2 * (kRecordOctets + kFrameOctets));
}

}  // namespace
}  // namespace veredus::io::tls
