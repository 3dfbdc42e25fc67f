#include "io/tls/records.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace veredus::io::tls {
namespace {

constexpr std::size_t kFull = kRecordOctets;

struct Cut {
  const char* name;
  std::vector<std::size_t> pieces;   ///< Their octets.
  std::vector<std::size_t> records;  ///< Theirs.
};
class RecordsTest : public testing::TestWithParam<Cut> {};

TEST_P(RecordsTest, AsFewAsCanBeAndNothingLost) {
  std::vector<std::string> texts;
  std::string all;
  for (const std::size_t octets : GetParam().pieces) {
    texts.emplace_back();
    for (std::size_t i = 0; i < octets; ++i)
      texts.back() += static_cast<char>('a' + (all.size() + i) % 23);
    all += texts.back();
  }
  Records records({texts.begin(), texts.end()});
  EXPECT_EQ(records.octets(), all.size());
  std::string joined;
  std::vector<std::size_t> sizes;
  while (!records.empty()) {
    const std::string_view text = records.next();
    joined += text;
    sizes.push_back(text.size());
    EXPECT_EQ(records.octets(), all.size() - joined.size());
  }
  EXPECT_EQ(sizes, GetParam().records);
  EXPECT_TRUE(joined == all);
}

INSTANTIATE_TEST_SUITE_P(
    All, RecordsTest,
    testing::Values(Cut{"nothing", {}, {}}, Cut{"empty", {0, 0}, {}}, Cut{"one", {1}, {1}},
                    Cut{"message", {30, 4096, 3, 0}, {4129}}, Cut{"full", {kFull}, {kFull}},
                    Cut{"more", {kFull + 1}, {kFull, 1}}, Cut{"gaps", {0, 10, 0, 20, 0}, {30}},
                    Cut{"behind", {2 * kFull, 0, 5, 7}, {kFull, kFull, 12}},
                    Cut{"before", {1, 2 * kFull}, {kFull, kFull, 1}},
                    Cut{"filled", {kFull - 1, 1, 1}, {kFull, 1}},
                    Cut{"rest", {kFull + 100, kFull}, {kFull, kFull, 100}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Records, ALargePieceIsNotCopied) {
  const std::string large(kFull + 5, 'x');
  Records records({large});
  EXPECT_EQ(records.next().data(), large.data());
  EXPECT_EQ(records.next().data(), large.data() + kFull);
  const std::string small(100, 'y');
  EXPECT_EQ(Records({small, ""}).next().data(), small.data()) << "nor one that is alone";
}

}  // namespace
}  // namespace veredus::io::tls
