#include "base/base64.h"

#include <string>

#include <gtest/gtest.h>

namespace veredus {
namespace {

struct Vector {
  std::string_view octets;
  std::string_view text;
};

class Rfc4648Section10 : public testing::TestWithParam<Vector> {};

TEST_P(Rfc4648Section10, BothWays) {
  EXPECT_EQ(to_base64(GetParam().octets), GetParam().text);
  EXPECT_EQ(from_base64(GetParam().text), GetParam().octets);
}

INSTANTIATE_TEST_SUITE_P(Base64, Rfc4648Section10,
                         testing::Values(Vector{"", ""}, Vector{"f", "Zg=="}, Vector{"fo", "Zm8="},
                                         Vector{"foo", "Zm9v"}, Vector{"foob", "Zm9vYg=="},
                                         Vector{"fooba", "Zm9vYmE="}, Vector{"foobar", "Zm9vYmFy"},
                                         Vector{"\xFB\xFF\xBE", "+/++"}));

class NotBase64 : public testing::TestWithParam<std::string_view> {};

TEST_P(NotBase64, IsRefused) { EXPECT_FALSE(from_base64(GetParam())) << GetParam(); }

INSTANTIATE_TEST_SUITE_P(Base64, NotBase64,
                         testing::Values("=", "==", "====", "A===", "=AAA", "AAA=BBB", "AA==AAAA",
                                         "AA=A", "A", "AA", "AAA", "AAAAA", " Zm9v", "Zm9v ",
                                         "Zm9v\r\n", "Zm 9v", "Zm9-", "Zm9_", "Zh==", "Zm9=", "*",
                                         "Zm9\xFF", std::string_view("Zm\0v", 4)));

TEST(Base64, EveryOctetComesBack) {
  std::string all;
  for (int octet = 0; octet < 256; ++octet) {
    all += static_cast<char>(octet);
    EXPECT_EQ(from_base64(to_base64(all)), all);
  }
}

}  // namespace
}  // namespace veredus
