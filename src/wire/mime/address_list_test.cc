#include "wire/mime/address_list.h"

#include <gtest/gtest.h>

namespace veredus::mime {
namespace {

/// "name <address>" joined with ", "; groups as "name: ...;"; "?" at the end of malformed lists.
std::string shown(std::string_view body) {
  const AddressList list = parse_address_list(body);
  std::string out;
  for (const AddressGroup& group : list.groups) {
    if (group.name) out += *group.name + ":";
    for (const Mailbox& mailbox : group.mailboxes)
      out += "[" + mailbox.name + "|" + mailbox.address() + "]";
    if (group.name) out += ";";
  }
  return out + (list.well_formed ? "" : "?");
}

struct ListCase {
  const char* name;
  std::string_view body;
  std::string_view want;
};
class ParseAddressList : public testing::TestWithParam<ListCase> {};

TEST_P(ParseAddressList, Reads) { EXPECT_EQ(shown(GetParam().body), GetParam().want); }

INSTANTIATE_TEST_SUITE_P(
    Rfc5322Section34, ParseAddressList,
    testing::Values(
        ListCase{"bare", "a@b.example", "[|a@b.example]"},
        ListCase{"named", " Joe Q. Public <a@b>", "[Joe Q. Public|a@b]"},
        ListCase{"quoted_name", "\"Big \\\"Box\\\", Inc\" <a@b>", "[Big \"Box\", Inc|a@b]"},
        ListCase{"two", "a@b, c <d@e>", "[|a@b][c|d@e]"},
        ListCase{"group", "G H: a@b, c@d; e@f", "G H:[|a@b][|c@d];[|e@f]"},
        ListCase{"empty_group", "Undisclosed recipients:;", "Undisclosed recipients:;"},
        ListCase{"open_group", "G: a@b", "G:[|a@b];?"},
        ListCase{"quoted_local", "\"a b\"@c", "[|\"a b\"@c]"},
        ListCase{"needless_quotes", "<\"ab\"@c>", "[|ab@c]"},
        ListCase{"literal", "a@[192.0.2.1]", "[|a@[192.0.2.1]]"},
        ListCase{"comment_as_name", "a@b (Joe)", "[Joe|a@b]"},
        ListCase{"comments_inside", "(x) a (y) @ (z) b", "[x y z|a@b]"},
        ListCase{"spaces_round_dots", "a . b @ c . d", "[|a.b@c.d]"},
        ListCase{"route", "<@r.example,@s:a@b>", "[|a@b]"},
        ListCase{"empty_elements", ",a@b,,", "[|a@b]"},
        ListCase{"encoded", "=?utf-8?q?J=C3=B6?= <a@b>", "[J\xC3\xB6|a@b]"},
        ListCase{"encoded_in_quotes", "\"=?utf-8?q?J=C3=B6?=\" <a@b>", "[J\xC3\xB6|a@b]"},
        ListCase{"address_as_name", "a@b <c@d>", "[a@b|c@d]"},
        ListCase{"no_domain", "root", "[|root]?"},
        ListCase{"no_domain_two_words", "a b", "[|\"a b\"]?"},
        ListCase{"words_before_bare", "Joe a@b", "[Joe|a@b]"},
        ListCase{"open_angle", "Joe <a@b", "[Joe|a@b]?"}, ListCase{"null", "<>", "?"},
        ListCase{"nothing_behind_at", "a@, b@@c, d", R"([|"a@"][|"b@@c"][|d]?)"},
        ListCase{"nothing", "", ""}, ListCase{"semicolons", "a@b; c@d", "[|a@b][|c@d]?"},
        ListCase{"two_ats", "<a@b@c>", "[|\"a@b\"@c]?"},
        ListCase{"open_quote", "\"a <b@c>", "[|\"a <b@c>\"]?"},
        ListCase{"open_literal", "a@[1", "[|a@[1]"},
        ListCase{"lone_parenthesis", "a@b )", "[|a@b]?"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ParseAddressListLimit, CutsAndSaysSo) {
  const AddressList list = parse_address_list("a@b,c@d,e@f", 2);
  EXPECT_EQ(list.mailboxes().size(), 2U);
  EXPECT_FALSE(list.well_formed);
}

}  // namespace
}  // namespace veredus::mime
