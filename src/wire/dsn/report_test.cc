#include "wire/dsn/report.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "wire/mime/charset.h"

namespace veredus::dsn {
namespace {

mime::Date date(int seconds) {
  return {std::chrono::sys_seconds(std::chrono::seconds(1'700'000'000 + seconds)),
          std::chrono::minutes(60)};
}

Report full_report() {
  Report report;
  report.original_envelope_id = "QQ314159";
  report.reporting_mta = {"dns", "mx.example.org"};
  report.received_from_mta = Typed{"dns", "client.example"};
  report.arrival_date = date(0);
  RecipientReport& first = report.recipients.emplace_back();
  first.original_recipient = Typed{"rfc822", "Kim+tag@example.net"};
  first.final_recipient = {"rfc822", "kim@example.net"};
  first.action = Action::failed;
  first.status = smtp::EnhancedStatus{5, 1, 1};
  first.remote_mta = Typed{"dns", "mx.example.net"};
  first.diagnostic_code = Typed{"smtp", "550 5.1.1 " + std::string(200, 'x') + " no such user"};
  first.last_attempt = date(1);
  RecipientReport& second = report.recipients.emplace_back();
  second.final_recipient = {"utf-8", "kïm\\x{41}+=@exämple.net"};
  second.action = Action::delayed;
  second.status = smtp::EnhancedStatus{4, 4, 1};
  second.will_retry_until = date(2);
  return report;
}

TEST(Report, IsWrittenAsRfc3464Says) {
  Report report;
  report.reporting_mta = {"dns", "mx.example.org"};
  RecipientReport& kim = report.recipients.emplace_back();
  kim.final_recipient = {"rfc822", "kim@example.net"};
  kim.action = Action::failed;
  kim.status = smtp::EnhancedStatus{5, 1, 1};
  EXPECT_EQ(write(report),
            "Reporting-MTA: dns; mx.example.org\r\n"
            "\r\n"
            "Final-Recipient: rfc822; kim@example.net\r\n"
            "Action: failed\r\n"
            "Status: 5.1.1\r\n");
}

TEST(Report, ReadsWhatItWrites) {
  const Report report = full_report();
  const std::string text = write(report);
  EXPECT_TRUE(mime::is_ascii(text));
  EXPECT_EQ(read_report(text), report) << text;
}

TEST(Report, NoValueBreaksOut) {
  const std::string attack = "x\r\n\r\nFinal-Recipient: rfc822; evil@example.org\nAction: failed";
  Report report;
  report.original_envelope_id = attack;
  report.reporting_mta = {attack, attack};
  report.received_from_mta = Typed{attack, attack};
  RecipientReport& recipient = report.recipients.emplace_back();
  recipient.original_recipient = Typed{attack, attack};
  recipient.final_recipient = {attack, attack};
  recipient.diagnostic_code = Typed{attack, attack};
  recipient.remote_mta = Typed{attack, attack};
  const Report read = read_report(write(report));
  ASSERT_EQ(read.recipients.size(), 1U);
  EXPECT_FALSE(read.recipients.front().action);
  EXPECT_EQ(read.reporting_mta.type, "dns");
  EXPECT_EQ(read.recipients.front().final_recipient.type, "rfc822");
}

struct ReadCase {
  const char* name;
  std::string_view text;
  std::string_view want;  ///< "address action status" of each recipient, ", " between.
};
class ReadReport : public ::testing::TestWithParam<ReadCase> {};

std::string summary(const Report& report) {
  std::string out;
  for (const RecipientReport& one : report.recipients) {
    if (!out.empty()) out += ", ";
    out += one.final_recipient.text + " ";
    out.append(one.action ? name(*one.action) : "-").append(" ");
    out += one.status ? one.status->text() : "-";
  }
  return out;
}

TEST_P(ReadReport, IsTolerant) {
  EXPECT_EQ(summary(read_report(GetParam().text)), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    InUse, ReadReport,
    ::testing::Values(
        ReadCase{"empty", "", ""},
        ReadCase{"no_recipient", "Reporting-MTA: dns; a\r\n\r\n\r\n", ""},
        ReadCase{"line_feeds",
                 "Reporting-MTA: dns; a\n\nFinal-Recipient: rfc822;a@b\nAction: Failed\n",
                 "a@b failed -"},
        ReadCase{"no_empty_line",
                 "Reporting-MTA: dns; a\nFinal-Recipient: rfc822;a@b\nAction: failed\n"
                 "Final-Recipient: rfc822;c@d\nAction: delayed\n",
                 "a@b failed -, c@d delayed -"},
        ReadCase{"more_empty_lines",
                 "Reporting-MTA: dns; a\n\n\n\nFinal-Recipient: rfc822;a@b\n\nAction: failed\n\n"
                 "Status: 5.1.1\n\nFinal-Recipient: rfc822;c@d\nStatus: 4.0.0\n",
                 "a@b failed 5.1.1, c@d - 4.0.0"},
        ReadCase{"no_type", "Final-Recipient: <a@b>\nStatus: 5.0.0 (permanent failure)\n",
                 "a@b - 5.0.0"},
        ReadCase{"type_in_capitals", "FINAL-RECIPIENT: RFC822; <a@b>\nACTION: FAILED (bounced)\n",
                 "a@b failed -"},
        ReadCase{"unknown_action", "Final-Recipient: rfc822;a@b\nAction: exploded\nStatus: x\n",
                 "a@b - -"},
        ReadCase{"line_that_is_no_field",
                 "Final-Recipient: rfc822;a@b\nDiagnostic-Code: smtp; 550 no\nsuch user\n"
                 "Action: failed\n",
                 "a@b failed -"},
        ReadCase{"original_first",
                 "Original-Recipient: rfc822;x@y\nFinal-Recipient: rfc822;a@b\nAction: failed\n\n"
                 "Original-Recipient: rfc822;x@z\nFinal-Recipient: rfc822;c@d\nAction: failed\n",
                 "a@b failed -, c@d failed -"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ReadReport, JoinsADiagnosticThatWasNotFolded) {
  const Report report =
      read_report("Final-Recipient: rfc822;a@b\nDiagnostic-Code: smtp; 550 no\nsuch user\n");
  EXPECT_EQ(report.recipients.at(0).diagnostic_code, (Typed{"smtp", "550 no such user"}));
}

TEST(ReadReport, KeepsItsLimits) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "Final-Recipient: rfc822;a@b\nAction: failed\n\n";
  EXPECT_EQ(read_report(text, {.recipients_max = 3}).recipients.size(), 3U);
  const Report cut = read_report("Final-Recipient: rfc822;" + std::string(9000, 'a') + "\n");
  EXPECT_LE(cut.recipients.at(0).final_recipient.text.size(), 4000U);
}

TEST(Utf8Address, GoesBothWays) {  // RFC 6533 §3
  EXPECT_EQ(encode_utf8_address("kïm+a=b\\@ex.org"), "k\\x{EF}m\\x{2B}a\\x{3D}b\\x{5C}@ex.org");
  for (const std::string text : {"", "a@b", "ä\u20ac\U0001F600\n \\x{41}"})
    EXPECT_EQ(decode_utf8_address(encode_utf8_address(text)), text);
  EXPECT_EQ(encode_utf8_address("\xff"), "\\x{FFFD}");
  EXPECT_EQ(decode_utf8_address("\\x{D800}\\x{110000}\\x{}\\x{41\\y"),
            "\\x{D800}\\x{110000}\\x{}\\x{41\\y");
}

}  // namespace
}  // namespace veredus::dsn
