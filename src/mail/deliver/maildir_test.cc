// A message into a Maildir, with every file call failing once, and with the power cut after it.

#include "mail/deliver/maildir.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/sim/files.h"

namespace veredus::deliver {
namespace {

const std::string kFolder = "/mail/example.test/you";

/// Delivers the message of these tests under this name.
Result<> deliver(io::Files& files, std::string name = "1.V2R0.us") {
  MaildirPlace place{kFolder, std::move(name),
                     "Return-Path: <al@client.example>\r\nDelivered-To: you@example.test\r\n"};
  // A CR at the end of a chunk and its LF at the start of the next.
  const std::vector<Bytes> chunks{Bytes("Subject: x\r\n\r\nhello\r"), Bytes("\nworld\r\n")};
  MaildirCopy copy{std::move(place), &chunks};
  write_maildirs(files, std::array{&copy});
  return copy.written;
}
constexpr std::string_view kWritten =
    "Return-Path: <al@client.example>\nDelivered-To: you@example.test\nSubject: x\n\n"
    "hello\nworld\n";

/// What is in a folder of the Maildir; nothing when there is no such folder.
std::vector<std::string> names_in(sim::SimFiles& files, const std::string& part) {
  return files.list(kFolder + "/" + part).value_or(std::vector<std::string>());
}

TEST(Maildir, WritesOneFileWithTraceFieldsOnTopAndLfOnDisk) {
  sim::SimFiles files(1, {});
  ASSERT_TRUE(deliver(files));
  EXPECT_EQ(names_in(files, "new"), std::vector<std::string>{"1.V2R0.us"});
  EXPECT_TRUE(names_in(files, "tmp").empty());
  EXPECT_EQ(files.read(kFolder + "/new/1.V2R0.us").value_or(""), kWritten);
}

TEST(Maildir, MakesAllThreeFoldersOfANewMailbox) {
  sim::SimFiles files(1, {});
  ASSERT_TRUE(deliver(files));
  EXPECT_EQ(files.list(kFolder).value_or(std::vector<std::string>()),
            (std::vector<std::string>{"cur", "new", "tmp"}));
}

TEST(Maildir, RepairsAMailboxOfWhichOnlyAPartIsThere) {
  sim::SimFiles files(1, {});
  ASSERT_TRUE(files.make_directories(kFolder + "/tmp"));  // A crash came before new was made.
  EXPECT_TRUE(deliver(files));
  EXPECT_EQ(names_in(files, "new").size(), 1U);
}

TEST(Maildir, AnExistingMailboxCostsNoLookAtItsFolders) {
  sim::SimFiles files(1, {});
  ASSERT_TRUE(deliver(files, "first"));
  const std::uint64_t before = files.calls();
  ASSERT_TRUE(deliver(files, "second"));
  // create, the fields and the first chunk, the second, sync, publish, sync of the folder.
  EXPECT_EQ(files.calls() - before, 6U);
}

TEST(Maildir, TheSecondCopyOfADeliveryTakesTheFirstOnesPlace) {
  sim::SimFiles files(1, {});
  ASSERT_TRUE(deliver(files));
  ASSERT_TRUE(deliver(files));
  EXPECT_EQ(names_in(files, "new").size(), 1U);
}

TEST(Maildir, SurvivesAPowerCutOnceItReturned) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    sim::SimFiles files(seed, {});
    ASSERT_TRUE(deliver(files));
    files.lose_unsynced();
    EXPECT_EQ(files.read(kFolder + "/new/1.V2R0.us").value_or(""), kWritten);
  }
}

// Methodology: fail one more call each time until none is left; once for a mailbox that is there
// and once for one that is to be made.
class MaildirFaults : public ::testing::TestWithParam<bool> {};

TEST_P(MaildirFaults, LeaveNoHalfMessageInNewAndTheNextAttemptSucceeds) {
  const bool exists = GetParam();
  for (std::uint64_t nth = 0;; ++nth) {
    SCOPED_TRACE(nth);
    ASSERT_LT(nth, 100U) << "the loop must end";
    sim::SimFiles files(nth, {});
    if (exists) {
      ASSERT_TRUE(deliver(files, "old"));
    }
    files.fail_call(nth);
    const Result<> written = deliver(files);
    const bool fired = files.failures() > 0;
    for (const std::string& name : names_in(files, "new"))
      EXPECT_EQ(files.read(kFolder + "/new/" + name).value_or(""), kWritten);
    if (!written) {
      EXPECT_EQ(written.error().fault(), Fault::unavailable);
      ASSERT_TRUE(deliver(files));
    }
    files.lose_unsynced();
    EXPECT_EQ(files.read(kFolder + "/new/1.V2R0.us").value_or(""), kWritten);
    if (!fired) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Mailbox, MaildirFaults, ::testing::Bool(), [](const auto& test) {
  return std::string(test.param ? "exists" : "is_new");
});

TEST(Maildir, SaysWhenTheDiskIsFullAndLeavesNothing) {
  sim::SimFiles files(1, {.octets_max = 20});
  const Result<> written = deliver(files);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault(), Fault::overloaded);
  EXPECT_TRUE(names_in(files, "new").empty());
  EXPECT_TRUE(names_in(files, "tmp").empty());
}

TEST(MaildirName, IsTheSameForTheSameDelivery) {
  const WallTime time{std::chrono::seconds(1'767'225'600)};
  EXPECT_EQ(maildir_name(time, "01KDVDV5R8XZ0", 3, "mx.example.test"),
            "1767225600.V01KDVDV5R8XZ0R3.mx.example.test");
}

TEST(MaildirName, EscapesWhatMeansSomethingInMaildirNames) {
  EXPECT_EQ(maildir_name(WallTime{}, "A", 0, "a/b:c"), "0.VAR0.a\\057b\\072c");
}

}  // namespace
}  // namespace veredus::deliver
