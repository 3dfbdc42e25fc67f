#include "main/bench/replies.h"

#include <string>

#include <gtest/gtest.h>

namespace veredus::bench {
namespace {

using Kind = FoundReply::Kind;

TEST(FindReply, TakesTheFirstWholeOneWhereverTheInputEnds) {
  const std::string first = "250-mx.example\r\n250-SIZE 1000\r\n250 HELP\r\n";
  const std::string input = first + "354 go on\r\n";
  for (std::size_t end = 0; end <= input.size(); ++end) {
    const FoundReply found = find_reply(std::string_view(input).substr(0, end));
    const bool is_whole = end >= first.size();
    EXPECT_EQ(found.kind, is_whole ? Kind::complete : Kind::incomplete) << end;
    EXPECT_EQ(found.code, is_whole ? 250 : 0) << end;
    EXPECT_EQ(found.text, is_whole ? first : "") << end;
  }
}

TEST(FindReply, TakesBareCodesAndBareNewlines) {
  for (const char* reply : {"250\r\n", "250\n", "250 \r\n", "250-a\n250 b\n"}) {
    const FoundReply found = find_reply(reply);
    EXPECT_EQ(found.kind, Kind::complete) << reply;
    EXPECT_EQ(found.text, reply);
  }
}

TEST(FindReply, KnowsWhatIsNone) {
  for (const char* wrong : {"\r\n", "25\r\n", "hello\r\n", "150 x\r\n", "650 x\r\n", "25x ok\r\n",
                            "2500\r\n", "250-a\r\n550 b\r\n", "250-a\r\n\r\n"})
    EXPECT_EQ(find_reply(wrong).kind, Kind::malformed) << wrong;
}

TEST(Announces, LooksForWholeKeywordsBehindTheFirstLine) {
  const std::string reply = "250-STARTTLS\r\n250-pipelining\r\n250-SIZE 1000\r\n250 8BITMIMES\r\n";
  EXPECT_TRUE(announces(reply, "PIPELINING"));
  EXPECT_TRUE(announces(reply, "SIZE"));
  EXPECT_FALSE(announces(reply, "8BITMIME"));
  EXPECT_FALSE(announces(reply, "STARTTLS"));
  EXPECT_FALSE(announces("250 PIPELINING\r\n", "PIPELINING"));
  EXPECT_FALSE(announces("", "PIPELINING"));
}

}  // namespace
}  // namespace veredus::bench
