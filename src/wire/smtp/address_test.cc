#include "wire/smtp/address.h"

#include <string>
#include <unordered_set>

#include <gtest/gtest.h>

#include "base/cursor.h"

namespace veredus::smtp {
namespace {

struct Case {
  const char* name;
  std::string_view text;
  std::string_view want;  ///< Canonical form, or "!" and a part of the error.
};

void expect(const Case& c, const auto& result, auto render) {
  const std::string got = result ? render(*result) : "!" + result.error().text();
  if (c.want.starts_with('!')) {
    EXPECT_FALSE(result.has_value()) << got;
    EXPECT_TRUE(got.contains(c.want.substr(1))) << got;
  } else {
    EXPECT_EQ(got, c.want);
  }
}

std::string name_of(const testing::TestParamInfo<Case>& test) { return test.param.name; }

class DomainForms : public testing::TestWithParam<Case> {};

TEST_P(DomainForms, ParsesOrSaysWhy) {
  expect(GetParam(), Domain::parse(GetParam().text),
         [](const Domain& domain) { return std::string(domain.ascii()); });
}

const std::string kLabel63(63, 'a');
const std::string kDomain255 =
    kLabel63 + "." + kLabel63 + "." + kLabel63 + "." + std::string(63, 'b');
const std::string kDomain256 = "c." + kDomain255;
const std::string kLabel64 = kLabel63 + "a.example";

INSTANTIATE_TEST_SUITE_P(
    Rfc5321Section412, DomainForms,
    testing::Values(Case{"lower_cases", "MX.Example.ORG", "mx.example.org"},
                    Case{"one_label", "localhost", "localhost"},
                    Case{"digits", "123.com", "123.com"},
                    Case{"hyphens_inside", "a--b.c-d", "a--b.c-d"},
                    Case{"u_label", "münchen.example", "xn--mnchen-3ya.example"},
                    Case{"u_label_upper", "MÜNCHEN.example", "xn--mnchen-3ya.example"},
                    Case{"sharp_s_is_kept", "straße.example", "xn--strae-oqa.example"},
                    Case{"decomposed", "mu\xCC\x88nchen.example", "xn--mnchen-3ya.example"},
                    Case{"longest", kDomain255, kDomain255},
                    Case{"too_long", kDomain256, "!longer than 255"},
                    Case{"label_too_long", kLabel64, "!more than 63"}, Case{"empty", "", "!empty"},
                    Case{"trailing_dot", "example.org.", "!empty part"},
                    Case{"two_dots", "example..org", "!empty part"},
                    Case{"hyphen_first", "-a.org", "!begins or ends with '-'"},
                    Case{"hyphen_last", "a-.org", "!begins or ends with '-'"},
                    Case{"underscore", "a_b.org", "!other than letters"},
                    Case{"space", "a b.org", "!other than letters"},
                    Case{"nul", std::string_view("a\0b.org", 7), "!other than letters"},
                    Case{"bad_utf8", "\xC3(.org", "!other than letters"},
                    Case{"lone_octet", "a\xFF.org", "!international name"},
                    Case{"control_among_utf8", "\xC3\xBC\r\n.org", "!other than letters"}),
    name_of);

class AddressForms : public testing::TestWithParam<Case> {};

TEST_P(AddressForms, ParsesOrSaysWhy) {
  const auto address = Address::parse(GetParam().text);
  expect(GetParam(), address, [](const Address& parsed) { return parsed.text(); });
  if (address) {
    EXPECT_EQ(Address::parse(address->text()).value(), *address) << "must read back";
  }
}

const std::string kLocal64 = std::string(64, 'x') + "@a.b";
const std::string kLocal65 = std::string(65, 'x') + "@a.b";
const std::string kPath254 = std::string(60, 'x') + "@" + kDomain255.substr(0, 191) + ".b";
const std::string kPath257 = std::string(64, 'x') + "@" + kDomain255.substr(0, 190);

INSTANTIATE_TEST_SUITE_P(
    Rfc5321Section412, AddressForms,
    testing::Values(
        Case{"plain", "a.b+c@Example.org", "a.b+c@example.org"},
        Case{"case_of_local_part_stays", "Joe@A.B", "Joe@a.b"},
        Case{"needless_quotes_go", "\"a.b\"@x.y", "a.b@x.y"},
        Case{"needless_backslash_goes", R"("a\b"@x.y)", "ab@x.y"},
        Case{"quotes_stay", "\"a b\"@x.y", "\"a b\"@x.y"},
        Case{"at_in_quotes", "\"a@b\"@x.y", "\"a@b\"@x.y"},
        Case{"escapes_stay", R"("a\"\\b"@x.y)", R"("a\"\\b"@x.y)"},
        Case{"empty_quotes", "\"\"@x.y", "\"\"@x.y"},
        Case{"dots_in_quotes", "\"a..b.\"@x.y", "\"a..b.\"@x.y"},
        Case{"ipv4", "a@[192.0.2.1]", "a@[192.0.2.1]"},
        Case{"ipv6", "a@[ipv6:2001:DB8:0::1]", "a@[IPv6:2001:db8::1]"},
        Case{"general", "a@[X-Tag:some.thing]", "a@[x-tag:some.thing]"},
        Case{"ipv6_without_tag", "a@[2001:db8::1]", "!write an IPv6 address literal as"},
        Case{"ipv4_bad", "a@[256.1.1.1]", "!bad IP address"},
        Case{"literal_open", "a@[192.0.2.1", "!no closing"},
        Case{"literal_empty", "a@[]", "!bad address literal"}, Case{"local_64", kLocal64, kLocal64},
        Case{"local_65", kLocal65, "!longer than 64"}, Case{"path_longest", kPath254, kPath254},
        Case{"path_too_long", kPath257, "!longer than 254"},
        Case{"no_domain", "postmaster", "!the domain are missing"},
        Case{"no_local_part", "@x.y", "!before the '@' is missing"},
        Case{"dot_first", ".a@x.y", "!begins or ends with a dot"},
        Case{"dot_last", "a.@x.y", "!begins or ends with a dot"},
        Case{"two_dots", "a..b@x.y", "!two dots"}, Case{"two_ats", "a@b@c", "!unexpected text"},
        Case{"space", "a b@x.y", "!bad character"},
        Case{"half_quoted", "\"a\"b@x.y", "!bad character"},
        Case{"open_quote", "\"a@x.y", "!closing '\"'"},
        Case{"control_in_quotes", "\"a\x01\"@x.y", "!bad character between the quotes"},
        Case{"newline_escaped", "\"a\\\r\"@x.y", "!bad character between the quotes"},
        Case{"angle_brackets", "<a@x.y>", "!before the '@' is missing"},
        Case{"comment", "a(b)@x.y", "!bad character"}, Case{"utf8", "jürgen@x.y", "!only ASCII"},
        Case{"trailing", "a@x.y ", "!unexpected"}, Case{"empty", "", "!is missing"}),
    name_of);

TEST(Address, Utf8OnlyWhenAllowed) {
  const AddressOptions utf8{.utf8_local_part = true};
  const auto address = Address::parse("jürgen@münchen.example", utf8);
  ASSERT_TRUE(address.has_value()) << address.error().text();
  EXPECT_TRUE(address->needs_smtputf8());
  EXPECT_EQ(address->text(), "jürgen@xn--mnchen-3ya.example");
  EXPECT_FALSE(Address::parse("j\xFCrgen@x.y", utf8).has_value()) << "Latin-1 is not UTF-8";
  EXPECT_FALSE(Address::parse("\xED\xA0\x80@x.y", utf8).has_value()) << "surrogate";
  EXPECT_FALSE(Address::parse("\xC0\xAF@x.y", utf8).has_value()) << "overlong";
  EXPECT_FALSE(Address::parse("\xF4\x90\x80\x80@x.y", utf8).has_value()) << "above U+10FFFF";
  EXPECT_FALSE(Address::parse("\xE2\x82@x.y", utf8).has_value()) << "cut off";
}

TEST(Address, EqualityIsOfMailboxes) {
  const auto parse = [](std::string_view text) { return Address::parse(text).value(); };
  EXPECT_EQ(parse("\"a.b\"@EXAMPLE.org"), parse("a.b@example.org"));
  EXPECT_NE(parse("A@example.org"), parse("a@example.org")) << "case matters left of the '@'";
  EXPECT_EQ(parse("a@[IPv6:::1]"), parse("a@[ipv6:0:0:0:0:0:0:0:1]"));
  const std::unordered_set<Address> set{parse("\"x\"@A.b"), parse("x@a.B"), parse("y@a.b")};
  EXPECT_EQ(set.size(), 2U);
}

TEST(Address, LiteralKnowsItsIp) {
  const auto address = Address::parse("a@[IPv6:2001:db8::7]");
  ASSERT_TRUE(address.has_value());
  ASSERT_NE(address->literal(), nullptr);
  EXPECT_EQ(address->domain(), nullptr);
  EXPECT_EQ(address->literal()->ip(), IpAddress::parse("2001:db8::7").value());
  EXPECT_FALSE(Address::parse("a@[x:y]")->literal()->ip().has_value());
}

TEST(Address, MakeQuotesWhatNeedsIt) {
  const Domain domain = Domain::parse("x.y").value();
  EXPECT_EQ(Address::make("a b", domain)->text(), "\"a b\"@x.y");
  EXPECT_EQ(Address::make("joe", domain)->text(), "joe@x.y");
  EXPECT_FALSE(Address::make("a\r\nb", domain).has_value());
  EXPECT_FALSE(Address::make("jürgen", domain).has_value());
  EXPECT_TRUE(Address::make("PostMaster", domain)->is_postmaster());
}

class ReversePaths : public testing::TestWithParam<Case> {};

TEST_P(ReversePaths, ParsesOrSaysWhy) {
  expect(GetParam(), ReversePath::parse(GetParam().text),
         [](const ReversePath& path) { return path.text(); });
}

INSTANTIATE_TEST_SUITE_P(
    Rfc5321Section4112, ReversePaths,
    testing::Values(Case{"null", "<>", "<>"}, Case{"plain", "<a@b.c>", "<a@b.c>"},
                    Case{"space_before", "  <a@b.c>", "<a@b.c>"},
                    Case{"source_route", "<@a.x,@b.y:u@z.w>", "<u@z.w>"},
                    Case{"route_of_one", "<@a:u@z>", "<u@z>"},
                    Case{"route_without_colon", "<@a,u@z>", "!bad source route"},
                    Case{"route_alone", "<@a:>", "!before the '@' is missing"},
                    Case{"route_bad_host", "<@-:u@z>", "!bad source route"},
                    Case{"no_brackets", "a@b.c", "!angle brackets"},
                    Case{"open", "<a@b.c", "!closing '>'"}, Case{"nothing", "", "!missing"},
                    Case{"space_inside", "<a@b.c >", "!expected '>'"},
                    Case{"no_domain", "<root>", "!the domain are missing"},
                    Case{"trailing", "<a@b>x", "!unexpected text"}),
    name_of);

class ForwardPaths : public testing::TestWithParam<Case> {};

TEST_P(ForwardPaths, ParsesOrSaysWhy) {
  expect(GetParam(), ForwardPath::parse(GetParam().text),
         [](const ForwardPath& path) { return path.text(); });
}

INSTANTIATE_TEST_SUITE_P(
    Rfc5321Section4113, ForwardPaths,
    testing::Values(Case{"plain", "<a@b.c>", "<a@b.c>"},
                    Case{"postmaster", "<PostMaster>", "<postmaster>"},
                    Case{"postmaster_with_domain", "<Postmaster@b.c>", "<Postmaster@b.c>"},
                    Case{"other_without_domain", "<root>", "!the domain are missing"},
                    Case{"source_route", "<@a,@b:user@x>", "<user@x>"},
                    Case{"null", "<>", "!may not be empty"},
                    Case{"no_brackets", "a@b", "!angle brackets"}),
    name_of);

TEST(Path, LeavesTheRestToTheCaller) {
  Cursor in(" <a@b> SIZE=1");
  ASSERT_TRUE(parse_reverse_path(in).has_value());
  EXPECT_EQ(in.rest(), " SIZE=1");
}

}  // namespace
}  // namespace veredus::smtp
