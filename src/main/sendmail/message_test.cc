#include "main/sendmail/message.h"

#include <sstream>
#include <string_view>

#include <gtest/gtest.h>
#include <sysexits.h>

namespace veredus::sendmail {
namespace {

using namespace std::chrono_literals;

struct ReadCase {
  const char* name;
  std::string_view input;
  bool dot_ends;
  std::string_view want;
};
class ReadMessage : public testing::TestWithParam<ReadCase> {};

TEST_P(ReadMessage, MakesLines) {
  std::istringstream in{std::string(GetParam().input)};
  EXPECT_EQ(read_message(in, GetParam().dot_ends, 1000).value(), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Input, ReadMessage,
    testing::Values(ReadCase{"nothing", "", true, ""},
                    ReadCase{"newlines", "a\n\nb\n", true, "a\r\n\r\nb\r\n"},
                    ReadCase{"crlf", "a\r\n\r\nb\r\n", true, "a\r\n\r\nb\r\n"},
                    ReadCase{"mixed", "a\r\n\nb\r\r\n", true, "a\r\n\r\nb\r\n"},
                    ReadCase{"no_last_newline", "a\nb", true, "a\r\nb\r\n"},
                    ReadCase{"bare_cr", "a\rb\n", true, "a\r\nb\r\n"},
                    ReadCase{"nul", std::string_view("a\0b\n", 4), true, "ab\r\n"},
                    ReadCase{"dot", "a\n.\nb\n", true, "a\r\n"},
                    ReadCase{"dot_crlf", "a\r\n.\r\nb\r\n", true, "a\r\n"},
                    ReadCase{"dot_kept", "a\n.\nb\n", false, "a\r\n.\r\nb\r\n"},
                    ReadCase{"dots_are_no_end", ".a\n..\n", true, ".a\r\n..\r\n"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ReadMessage, HasABound) {
  std::istringstream in(std::string(2000, 'x'));
  EXPECT_EQ(read_message(in, true, 1000).error().status, EX_DATAERR);
}

const Circumstances kCircumstances{.login = "ann",
                                   .full_name = "Ann Example",
                                   .hostname = "host.example",
                                   .domain = "example.org",
                                   .time = std::chrono::system_clock::time_point(100s),
                                   .random = 7};
constexpr std::string_view kAdded =
    "Date: Thu, 1 Jan 1970 00:01:40 +0000\r\nMessage-ID: <64.0000000000000007@host.example>\r\n";

struct SubmissionCase {
  const char* name;
  std::vector<const char*> arguments;
  std::string_view message;
  std::string_view envelope;  ///< "sender recipient ...", or "!" and the exit code.
  std::string_view from = "Ann Example <ann@example.org>";  ///< Of the From that is added.
};
class MakeSubmission : public testing::TestWithParam<SubmissionCase> {};

TEST_P(MakeSubmission, FindsTheEnvelopeAndCompletesTheHeader) {
  const SubmissionCase& c = GetParam();
  const auto options = parse_options(c.arguments);
  ASSERT_TRUE(options) << options.error();
  const auto made = make_submission(*options, kCircumstances, std::string(c.message));
  if (!made) {
    EXPECT_EQ('!' + std::to_string(made.error().status), c.envelope) << made.error().text;
    return;
  }
  std::string envelope = made->sender.text();
  for (const auto& recipient : made->recipients) envelope += ' ' + recipient.text();
  EXPECT_EQ(envelope, c.envelope);
  const std::string front =
      (c.from.empty() ? "" : "From: " + std::string(c.from) + "\r\n") + std::string(kAdded);
  EXPECT_TRUE(made->message.starts_with(front)) << made->message;
  EXPECT_FALSE(made->message.contains("secret"));
}

INSTANTIATE_TEST_SUITE_P(
    Sendmail, MakeSubmission,
    testing::Values(
        SubmissionCase{"arguments",
                       {"bob@x.example", "eve"},
                       "\r\nhello\r\n",
                       "<ann@example.org> bob@x.example eve@example.org"},
        SubmissionCase{"lists",
                       {"a@x.example, B <b@x.example>", "a@x.example"},
                       "\r\n",
                       "<ann@example.org> a@x.example b@x.example"},
        SubmissionCase{"header",
                       {"-t"},
                       "To: a@x.example\r\nBcc: secret@x.example\r\n\r\n",
                       "<ann@example.org> a@x.example secret@x.example"},
        SubmissionCase{"header_and_arguments",
                       {"-t", "b@x.example"},
                       "Cc: a@x.example\r\n\r\n",
                       "<ann@example.org> b@x.example a@x.example"},
        SubmissionCase{"header_is_not_asked",
                       {"b@x.example"},
                       "To: a@x.example\r\n\r\n",
                       "<ann@example.org> b@x.example"},
        SubmissionCase{"cron",
                       {"-FCronDaemon", "-t", "-f", "root"},
                       "To: root\r\n\r\n",
                       "<root@example.org> root@example.org",
                       "CronDaemon <root@example.org>"},
        SubmissionCase{"other_sender",
                       {"-fbob@x.example", "a"},
                       "\r\n",
                       "<bob@x.example> a@example.org",
                       "bob@x.example"},
        SubmissionCase{
            "null_sender", {"-f", "<>", "a"}, "\r\n", "<> a@example.org", "ann@example.org"},
        SubmissionCase{"has_from",
                       {"a"},
                       "From: someone@x.example\r\n\r\n",
                       "<ann@example.org> a@example.org",
                       ""},
        SubmissionCase{"nobody", {}, "To: a@x.example\r\n\r\n", "!64"},
        SubmissionCase{"nobody_in_header", {"-t"}, "Subject: x\r\n\r\n", "!65"},
        SubmissionCase{"bad_recipient", {"a@b@c"}, "\r\n", "!64"},
        SubmissionCase{"bad_in_header", {"-t"}, "To: a@-\r\n\r\n", "!65"},
        SubmissionCase{"two_at_signs", {"you@@x.example"}, "\r\n", "!64"},
        SubmissionCase{"two_words", {"you there"}, "\r\n", "!64"},
        SubmissionCase{"in_brackets",
                       {"<root>", "a , b@x.example"},
                       "\r\n",
                       "<ann@example.org> root@example.org a@example.org b@x.example"},
        SubmissionCase{"bad_sender", {"-f", "a@b@c", "d"}, "\r\n", "!64"},
        SubmissionCase{"two_senders", {"-f", "a, b", "c"}, "\r\n", "!64"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(MakeSubmission, RefusesAnEndlessHeader) {
  std::string message;
  while (message.size() < 300000) message += "X: " + std::string(900, 'x') + "\r\n";
  Options options;
  options.recipients = {"a"};
  EXPECT_EQ(make_submission(options, kCircumstances, message).error().status, EX_DATAERR);
}

}  // namespace
}  // namespace veredus::sendmail
