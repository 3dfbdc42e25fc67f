// Whole mails, many of them broken: nothing crashes, and a conversion to 7 bits keeps all content.

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "testdata.h"
#include "wire/mime/charset.h"
#include "wire/mime/convert_8bit.h"
#include "wire/mime/header.h"
#include "wire/mime/structure.h"

namespace veredus::conformance {
namespace {

using namespace mime;

class MailSuite : public Testdata {};

/// Every file of the suite that is a mail.
std::vector<std::string> mails_of(const std::string& suite) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(testdata(suite))) {
    const std::string extension = entry.path().extension();
    const std::string file = entry.path().filename();
    const bool is_other = extension == ".xml" || extension == ".bin" || file == "SOURCE.txt" ||
                          (suite == "mime4j-testmsgs" && extension != ".msg");
    if (entry.is_regular_file() && !is_other)
      names.push_back(suite + "/" + entry.path().lexically_relative(testdata(suite)).string());
  }
  std::ranges::sort(names);
  return names;
}

void collect(const Part& part, std::string_view message, std::vector<std::string>& leaves) {
  if (part.kind == Part::Kind::leaf)
    leaves.push_back(decode_transfer(part.encoding, part.body.in(message)));
  for (const Part& child : part.children) collect(child, message, leaves);
}

std::vector<std::string> leaves_of(std::string_view message) {
  std::vector<std::string> leaves;
  collect(parse_structure(message).root, message, leaves);
  return leaves;
}

void check_header(const std::string& message) {
  const Header header = scan_header(message);
  EXPECT_FALSE(header.over_limit);
  HeaderScanner scanner;
  for (std::size_t at = 0; at < message.size(); at += 100)
    scanner.feed(std::string_view(message).substr(at, 100));
  scanner.finish();
  EXPECT_EQ(scanner.header(), message.substr(0, header.end_offset));
  EXPECT_EQ(scanner.received_count(), header.find_all("Received").size());
}

/// True when the message had to be converted, and could be.
bool check_conversion(const std::string& message) {
  const auto converted = to_seven_bit(message);
  if (!converted) {
    EXPECT_EQ(converted.error().fault(), Fault::refused);
    return false;
  }
  EXPECT_TRUE(is_ascii(*converted));
  EXPECT_EQ(leaves_of(*converted), leaves_of(message));
  return needs_eight_bit(message);
}

TEST_F(MailSuite, EveryMailIsTakenApartAndConverted) {
  std::size_t mails = 0;
  std::size_t converted = 0;
  for (const char* suite : {"mime-rubymail", "mime-python", "mail-spamassassin-testdata",
                            "mime4j-testmsgs", "mime-mailparser-a"})
    for (const std::string& name : mails_of(suite)) {
      SCOPED_TRACE(name);
      const std::string message = read(name);
      check_header(message);
      if (check_conversion(message)) ++converted;
      ++mails;
    }
  RecordProperty("mails", std::to_string(mails));
  RecordProperty("converted", std::to_string(converted));
  EXPECT_GT(mails, 300U);
  EXPECT_GT(converted, 10U);
}

}  // namespace
}  // namespace veredus::conformance
