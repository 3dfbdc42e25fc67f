#include "mail/accept/drop_file.h"

#include <gtest/gtest.h>

namespace veredus::accept {
namespace {

constexpr std::string_view kWhole =
    "veredus-drop 1\n"
    "FROM:<ann@example.org> SIZE=15 BODY=8BITMIME RET=HDRS ENVID=a+20b\n"
    "TO:<bob@example.com> NOTIFY=SUCCESS,DELAY\n"
    "TO:<eve@example.com>\n"
    "\n"
    "To: b\r\n\r\ntext\r\n";

DropFile whole() {
  DropFile file;
  file.sender = *smtp::ReversePath::parse("<ann@example.org>");
  file.params.body = smtp::Body::eight_bit_mime;
  file.params.ret = smtp::Ret::headers;
  file.params.envid = "a b";
  file.recipients.push_back(
      {*smtp::ForwardPath::parse("<bob@example.com>"),
       {.notify = smtp::Notify{.success = true, .delay = true}, .orcpt = {}}});
  file.recipients.push_back({*smtp::ForwardPath::parse("<eve@example.com>"), {}});
  return file;
}

TEST(DropFile, IsWrittenAsItsHeaderSays) {
  EXPECT_EQ(encode(whole(), "To: b\r\n\r\ntext\r\n"), kWhole);
}

TEST(DropFile, IsReadBack) {
  const auto read = decode_drop_file(kWhole);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->file.sender, whole().sender);
  EXPECT_EQ(read->file.recipients, whole().recipients);
  EXPECT_EQ(read->file.params.envid, "a b");
  EXPECT_EQ(kWhole.substr(read->message_offset), "To: b\r\n\r\ntext\r\n");
}

TEST(DropFile, IsRefusedWhereverItIsCut) {
  for (std::size_t size = 0; size < kWhole.size(); ++size)
    EXPECT_FALSE(decode_drop_file(kWhole.substr(0, size))) << size;
}

TEST(DropFile, HasTheNullSenderAndPostmaster) {
  const auto read = decode_drop_file("veredus-drop 1\nFROM:<> SIZE=0\nTO:<postmaster>\n\n");
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_TRUE(read->file.sender.is_null());
  EXPECT_TRUE(read->file.recipients.at(0).path.is_bare_postmaster());
}

struct BadCase {
  const char* name;
  std::string_view octets;
  std::string_view error;  ///< How it begins.
};
class BadDropFile : public testing::TestWithParam<BadCase> {};

TEST_P(BadDropFile, SaysWhatIsWrong) {
  const auto read = decode_drop_file(GetParam().octets);
  ASSERT_FALSE(read);
  EXPECT_TRUE(read.error().text().starts_with(GetParam().error)) << read.error().text();
}

INSTANTIATE_TEST_SUITE_P(
    Hostile, BadDropFile,
    testing::Values(
        BadCase{"other", "#!/bin/sh\n", "it does not begin"},
        BadCase{"newer", "veredus-drop 2\n", "it is of version 2"},
        BadCase{"no_sender", "veredus-drop 1\nTO:<a@b>\n\n", "write MAIL FROM"},
        BadCase{"no_recipient", "veredus-drop 1\nFROM:<> SIZE=0\n\n", "it has no recipient"},
        BadCase{"no_size", "veredus-drop 1\nFROM:<>\nTO:<a@b>\n\n", "it has 0 octets"},
        BadCase{"too_long", "veredus-drop 1\nFROM:<> SIZE=1\nTO:<a@b>\n\nxy", "it has 2 octets"},
        BadCase{"auth", "veredus-drop 1\nFROM:<> SIZE=0 AUTH=root\nTO:<a@b>\n\n", "parameter AUTH"},
        BadCase{"second_sender", "veredus-drop 1\nFROM:<> SIZE=0\nFROM:<a@b>\n\n",
                "write RCPT TO"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(DropFile, HasABoundOnRecipients) {
  std::string octets = "veredus-drop 1\nFROM:<> SIZE=0\n";
  for (std::size_t i = 0; i < kDropRecipientsMax; ++i) octets += "TO:<a@b>\n";
  EXPECT_TRUE(decode_drop_file(octets + "\n"));
  EXPECT_FALSE(decode_drop_file(octets + "TO:<a@b>\n\n"));
}

}  // namespace
}  // namespace veredus::accept
