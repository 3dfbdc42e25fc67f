#include "wire/mime/content_type.h"

#include <gtest/gtest.h>

namespace veredus::mime {
namespace {

std::string shown(std::string_view body) {
  const auto content = parse_content_type(body);
  if (!content) return "!";
  std::string out = content->type + "/" + content->subtype;
  for (const Parameter& parameter : content->parameters)
    out += ";" + parameter.name + "=" + parameter.value;
  return out;
}

struct TypeCase {
  const char* name;
  std::string_view body;
  std::string_view want;
};
class ParseContentType : public testing::TestWithParam<TypeCase> {};

TEST_P(ParseContentType, Reads) { EXPECT_EQ(shown(GetParam().body), GetParam().want); }

INSTANTIATE_TEST_SUITE_P(
    Rfc2045Section5, ParseContentType,
    testing::Values(
        TypeCase{"plain", " Text/PLAIN; Charset=\"utf-8\"", "text/plain;charset=utf-8"},
        TypeCase{"comments", "(a) text (b) / (c) html ; x = (d) y (e)", "text/html;x=y"},
        TypeCase{"disposition", "attachment; filename=a b.txt; size=1",
                 "attachment/;filename=a b.txt;size=1"},
        TypeCase{"folded_quotes", "a/b; c=\"d\r\n e\"", "a/b;c=d e"},
        TypeCase{"no_semicolon", "a/b\r\n c=d\r\n e=\"f\"", "a/b;c=d;e=f"},
        TypeCase{"continued", "a/b; u*1=\"y\"; u*0=x; u*2=z", "a/b;u=xyz"},
        TypeCase{"extended", "a/b; t*=iso-8859-1'en'%E4%20b", "a/b;t=\xC3\xA4 b"},
        TypeCase{"both", "a/b; t*0*=utf-8''%C3; t*1*=%A4; t*2=\" %41\"", "a/b;t=\xC3\xA4 %41"},
        TypeCase{"extended_wins", "a/b; t=x; t*=utf-8''y", "a/b;t=y"},
        TypeCase{"repeated", "a/b; t=x; t=y", "a/b;t=x"},
        TypeCase{"encoded_word", "a/b; n=\"=?utf-8?q?=C3=A4?=.txt\"", "a/b;n=\xC3\xA4.txt"},
        TypeCase{"open_quote", "a/b; c=\"d", "a/b;c=d"},
        TypeCase{"junk", "a/b;; = ;[; c=d", "a/b;c=d"}, TypeCase{"no_subtype", "text", "text/"},
        TypeCase{"no_type", "/plain", "!"}, TypeCase{"nothing", "", "!"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ContentType, AnswersByName) {
  const auto content = parse_content_type("multipart/mixed; boundary=x").value();
  EXPECT_TRUE(content.is("multipart", "mixed"));
  EXPECT_EQ(content.parameter("boundary"), "x");
  EXPECT_EQ(content.parameter("charset"), std::nullopt);
}

}  // namespace
}  // namespace veredus::mime
