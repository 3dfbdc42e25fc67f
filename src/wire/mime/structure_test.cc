#include "wire/mime/structure.h"

#include <string>

#include <gtest/gtest.h>

namespace veredus::mime {
namespace {

/// "type/subtype(children)" with the bodies of leaves in quotes.
std::string shown(const Part& part, std::string_view message) {
  std::string out = part.content_type.type + "/" + part.content_type.subtype;
  if (part.kind == Part::Kind::leaf) return out + "'" + std::string(part.body.in(message)) + "'";
  out += "(";
  for (const Part& child : part.children) out += shown(child, message);
  return out + ")";
}

struct StructureCase {
  const char* name;
  std::string_view message;
  std::string_view want;
};
class ParseStructure : public testing::TestWithParam<StructureCase> {};

TEST_P(ParseStructure, FindsTheParts) {
  const std::string_view message = GetParam().message;
  EXPECT_EQ(shown(parse_structure(message).root, message), GetParam().want);
}

constexpr std::string_view kTwo =
    "Content-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n\r\none\r\n--b  \r\n"
    "Content-Type: image/png\r\n\r\ntwo\r\n--b--\r\nepi";

INSTANTIATE_TEST_SUITE_P(
    Rfc2046Section5, ParseStructure,
    testing::Values(
        StructureCase{"no_mime", "A: b\r\n\r\nbody", "text/plain'body'"},
        StructureCase{"two_parts", kTwo, "multipart/mixed(text/plain'one'image/png'two')"},
        StructureCase{"no_close", "Content-Type: multipart/x; boundary=b\n\n--b\n\none\n",
                      "multipart/x(text/plain'one\n')"},
        StructureCase{"no_boundary", "Content-Type: multipart/x\n\n--b\n\none\n",
                      "multipart/x'--b\n\none\n'"},
        StructureCase{"never_comes", "Content-Type: multipart/x; boundary=c\n\n--b\n",
                      "multipart/x'--b\n'"},
        StructureCase{"only_close", "Content-Type: multipart/x; boundary=b\n\n--b--\n",
                      "multipart/x'--b--\n'"},
        StructureCase{"longer_line_is_none",
                      "Content-Type: multipart/x; boundary=b\n\n--b\n\n--bb\n",
                      "multipart/x(text/plain'--bb\n')"},
        StructureCase{"nested",
                      "Content-Type: multipart/x; boundary=b\n\n--b\n"
                      "Content-Type: multipart/y; boundary=bb\n\n--bb\n\none\n--b\n\ntwo\n--b--\n",
                      "multipart/x(multipart/y(text/plain'one')text/plain'two')"},
        StructureCase{"message", "Content-Type: message/rfc822\n\nA: b\n\nin",
                      "message/rfc822(text/plain'in')"},
        StructureCase{"digest",
                      "Content-Type: multipart/digest; boundary=b\n\n--b\n\nA: b\n\nin\n--b--",
                      "multipart/digest(message/rfc822(text/plain'in'))"},
        StructureCase{"encoded_message",
                      "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQQ==",
                      "message/rfc822'QQ=='"},
        StructureCase{"empty_part", "Content-Type: multipart/x; boundary=b\n\n--b\n--b\n\n--b--\n",
                      "multipart/x(text/plain''text/plain'')"},
        StructureCase{"bad_type", "Content-Type: ?\n\nx", "text/plain'x'"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Structure, StopsAtLimits) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "Content-Type: message/rfc822\r\n\r\n";
  const Structure nested = parse_structure(deep + "A: b\r\n\r\nx");
  EXPECT_TRUE(nested.over_limit);
  std::size_t depth = 0;
  for (const Part* part = &nested.root; !part->children.empty(); part = &part->children[0]) ++depth;
  EXPECT_EQ(depth, StructureLimits().depth_max);

  std::string wide = "Content-Type: multipart/x; boundary=b\r\n\r\n";
  for (int i = 0; i < 100; ++i) wide += "--b\r\n\r\nx\r\n";
  const Structure parts = parse_structure(wide, {.depth_max = 5, .parts_max = 10});
  EXPECT_TRUE(parts.over_limit);
  EXPECT_EQ(parts.root.children.size(), 9U);
  EXPECT_EQ(parts.root.children.back().body.end, wide.size());
}

}  // namespace
}  // namespace veredus::mime
