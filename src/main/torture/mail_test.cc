#include "main/torture/mail.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace veredus::torture {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kKey = 20260105;

std::string as_in_maildir(std::string text) {
  std::erase(text, '\r');
  return "Return-Path: <a@client.example>\nDelivered-To: ann@local.example\n" + text;
}

TEST(MailMaker, MakesTheSameMailAgainAndNoTwoAlike) {
  const MailMaker maker(kKey);
  std::set<std::string> texts;
  for (std::uint64_t number = 0; number < 200; ++number) {
    const Mail mail = maker.make(number);
    EXPECT_EQ(mail.text, MailMaker(kKey).make(number).text);
    EXPECT_EQ(mail.recipients, maker.recipients(number));
    texts.insert(mail.text);
  }
  EXPECT_EQ(texts.size(), 200U);
  EXPECT_NE(maker.make(0).text, MailMaker(kKey + 1).make(0).text);
}

TEST(MailMaker, VariesSizesAndRecipientsWithinBounds) {
  const MailMaker maker(kKey);
  std::size_t largest = 0;
  std::size_t several = 0;
  std::size_t dots = 0;
  std::set<std::string> recipients;
  for (std::uint64_t number = 0; number < 2000; ++number) {
    const Mail mail = maker.make(number);
    EXPECT_GE(mail.text.size(), 1024U);
    EXPECT_LE(mail.text.size(), kMailOctetsMax + 100);
    EXPECT_TRUE(mail.text.ends_with("\r\n"));
    EXPECT_LE(mail.recipients.size(), kRecipientsMax);
    EXPECT_EQ(std::set(mail.recipients.begin(), mail.recipients.end()).size(),
              mail.recipients.size());
    largest = std::max(largest, mail.text.size());
    several += mail.recipients.size() > 1 ? 1 : 0;
    dots += mail.text.contains("\r\n.") ? 1 : 0;
    recipients.insert(mail.recipients.begin(), mail.recipients.end());
  }
  EXPECT_GT(largest, 256U * 1024);
  EXPECT_GT(several, 200U);
  EXPECT_GT(dots, 200U);
  EXPECT_EQ(recipients.size(), 8U);
}

class Judge : public testing::Test {
 protected:
  Finding judge(const std::string& stored) const {
    return maker_.judge(mail_.recipients.front(), stored);
  }
  void expect_changed(const std::string& stored, const char* why) const {
    const Finding finding = judge(stored);
    EXPECT_EQ(finding.verdict, Verdict::changed);
    EXPECT_THAT(finding.problem, HasSubstr(why));
  }

  MailMaker maker_{kKey};
  Mail mail_ = maker_.make(7);
};

TEST_F(Judge, KnowsAMailAgainAndForWhomItIs) {
  const Finding finding = judge(mail_.text);
  EXPECT_EQ(finding.verdict, Verdict::intact) << finding.problem;
  EXPECT_EQ(finding.number, 7U);
  EXPECT_EQ(finding.recipient, 0U);
}

TEST_F(Judge, TakesTraceFieldsAndTheLineEndsOfAMaildir) {
  EXPECT_EQ(judge(as_in_maildir(mail_.text)).verdict, Verdict::intact);
  EXPECT_EQ(judge("Received: from a\r\n\tby b; Mon\r\n" + mail_.text).verdict, Verdict::intact);
}

TEST_F(Judge, FindsOneOctetThatIsNotAsItWas) {
  for (const std::size_t at : {std::size_t{60}, mail_.text.size() / 2, mail_.text.size() - 3}) {
    std::string damaged = mail_.text;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    expect_changed(damaged, ("octet " + std::to_string(at) + " ").c_str());
    expect_changed(as_in_maildir(damaged), "is not as it was sent");
  }
}

TEST_F(Judge, FindsWhatIsCutOffAndWhatIsTooMuch) {
  expect_changed(mail_.text.substr(0, mail_.text.size() - 2), "is not as it was sent");
  expect_changed(mail_.text.substr(0, mail_.text.size() / 2), "is not as it was sent");
  expect_changed(mail_.text + "\r\n", "is not as it was sent");
  expect_changed("Subject: new\r\n" + mail_.text, "trace fields");
}

TEST_F(Judge, FindsTheContentOfAnotherMailBelowItsNumber) {
  const std::string first_line = mail_.text.substr(0, mail_.text.find('\n') + 1);
  const std::string other = maker_.make(8).text;
  expect_changed(first_line + other.substr(other.find('\n') + 1), "is not as it was sent");
}

TEST_F(Judge, FindsAMailInTheWrongMailbox) {
  const Finding finding = maker_.judge("somebody.else@local.example", mail_.text);
  EXPECT_EQ(finding.verdict, Verdict::changed);
  EXPECT_THAT(finding.problem, HasSubstr("not for somebody.else@local.example"));
}

TEST_F(Judge, TakesNothingElseForOneOfOurs) {
  for (const std::string text :
       {"", "Subject: bounce\r\n\r\nyour mail\r\n", "\r\nX-Veredus-Torture: 7-0\r\n"})
    EXPECT_EQ(judge(text).verdict, Verdict::stranger) << text;
  EXPECT_EQ(judge("Subject: bounce\r\n\r\n" + mail_.text).verdict, Verdict::stranger);
  expect_changed("X-Veredus-Torture: none\r\n", "damaged");
  EXPECT_EQ(judge(MailMaker(1).make(7).text).verdict, Verdict::changed);  // Of another run.
}

}  // namespace
}  // namespace veredus::torture
