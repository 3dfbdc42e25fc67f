#include "base/secret.h"

#include <concepts>
#include <ostream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace veredus {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!Printable<Secret> && !std::convertible_to<Secret, std::string_view>);

TEST(Secret, ComparesByOctets) {
  EXPECT_TRUE(Secret("abc") == Secret("abc"));
  EXPECT_FALSE(Secret("abc") == Secret("abd"));
  EXPECT_FALSE(Secret("abc") == Secret("xbc"));
  EXPECT_FALSE(Secret("abc") == Secret("abcd"));
  EXPECT_TRUE(Secret() == Secret(""));
}

TEST(Secret, WipesAlsoWhatIsBehindTheEnd) {
  for (const std::size_t octets : {8U, 300U}) {
    std::string text(octets, 'x');
    const char* const memory = text.data();
    text.resize(octets - 1);
    wipe(text);
    EXPECT_TRUE(text.empty());
    ASSERT_EQ(text.data(), memory);
    // Still the string's own memory: capacity() octets and a NUL.
    text.resize(text.capacity(), '\0');
    EXPECT_EQ(text.find('x'), std::string::npos);
  }
}

TEST(Secret, NothingStaysInWhatWasMovedFrom) {
  Secret first(std::string("short"));
  const char* const inside = first.c_str();
  const Secret second(std::move(first));
  EXPECT_EQ(second.reveal(), "short");
  EXPECT_EQ(std::string_view(inside, 5), std::string_view("\0\0\0\0\0", 5));
  Secret third;
  third = second;
  EXPECT_TRUE(third == second);
  Secret& same = third;
  third = same;
  EXPECT_EQ(third.reveal(), "short");
}

}  // namespace
}  // namespace veredus
