#include "mail/deliver/mailbox_courier.h"

#include "mail/deliver/deliver_test_support.h"

namespace veredus::deliver {
namespace {

class MailboxTest : public CourierTest {
 protected:
  std::string put(const queue::Job& job) {
    MailboxWriter writer(system_);
    MailboxCourier courier(settings(), system_, queue_, writer);
    return text_of(run(courier.deliver(job)));
  }
  /// All files of a mailbox's new/, one after the other.
  std::string mailbox(const std::string& path) {
    const std::string folder = "/mail/example.test/" + path + "/new";
    sim::SimFiles& files = world_.server().files();
    std::string all;
    for (const std::string& name : files.list(folder).value_or(std::vector<std::string>()))
      all += files.read(folder + "/" + name).value_or("");
    return all;
  }
};

TEST_F(MailboxTest, EachRecipientGetsACopyWithItsOwnFields) {  // RFC 5321 §4.4: Return-Path
  EXPECT_EQ(put(job({"you@example.test", "Other+x@example.test"}, "Subject: x\r\n\r\nhi\r\n")),
            "0 delivered 2.0.0 Delivered to mailbox | 1 delivered 2.0.0 Delivered to mailbox");
  EXPECT_EQ(mailbox("you"),
            "Return-Path: <al@client.example>\nDelivered-To: you@example.test\n"
            "Subject: x\n\nhi\n");
  EXPECT_EQ(mailbox("other"),
            "Return-Path: <al@client.example>\nDelivered-To: Other+x@example.test\n"
            "Subject: x\n\nhi\n");
}

TEST_F(MailboxTest, TheNullSenderIsAnEmptyReturnPath) {
  queue::Job bounce = job({"you@example.test"}, "x\r\n");
  queue::Envelope envelope = *bounce.envelope;
  envelope.sender = smtp::ReversePath();
  bounce.envelope = std::make_shared<const queue::Envelope>(std::move(envelope));
  EXPECT_EQ(put(bounce), "0 delivered 2.0.0 Delivered to mailbox");
  EXPECT_TRUE(mailbox("you").starts_with("Return-Path: <>\n"));
}

TEST_F(MailboxTest, AMailboxThatIsGoneFailsAndTheOthersGetTheirs) {
  const std::string outcomes = put(job({"gone@example.test", "you@example.test"}, "x\r\n"));
  EXPECT_TRUE(outcomes.starts_with("0 failed 5.1.1 ")) << outcomes;
  EXPECT_TRUE(outcomes.ends_with("1 delivered 2.0.0 Delivered to mailbox")) << outcomes;
}

TEST_F(MailboxTest, ADomainThatIsNoLongerOursFails) {
  EXPECT_EQ(
      put(job({"a@remote.example"}, "x\r\n")),
      "0 deferred 4.3.5 The configuration has changed: <a@remote.example> is no mailbox here now");
}

TEST_F(MailboxTest, AFullDiskDefersWithItsOwnStatus) {  // RFC 3463 §3.4: X.3.1
  world_.server().files().set_faults({.octets_max = 10});
  const std::string outcomes = put(job({"you@example.test"}, "x\r\n"));
  EXPECT_TRUE(outcomes.starts_with("0 deferred 4.3.1 ")) << outcomes;
}

TEST_F(MailboxTest, AFullMailboxDefersUntilThereIsRoom) {  // RFC 3463 §3.3: X.2.2
  const std::string body(600, 'x');
  EXPECT_EQ(put(job({"small@example.test"}, body)), "0 delivered 2.0.0 Delivered to mailbox");
  EXPECT_EQ(put(job({"small@example.test", "you@example.test"}, body)),
            "0 deferred 4.2.2 The mailbox is full | 1 delivered 2.0.0 Delivered to mailbox");
  sim::SimFiles& files = world_.server().files();
  const std::string folder = "/mail/example.test/small/new";
  for (const std::string& name : *files.list(folder))
    EXPECT_TRUE(files.rename(folder + '/' + name, "/mail/example.test/small/cur/" + name));
  EXPECT_EQ(put(job({"small@example.test"}, body)), "0 deferred 4.2.2 The mailbox is full");
  for (const std::string& name : *files.list("/mail/example.test/small/cur"))
    EXPECT_TRUE(files.remove("/mail/example.test/small/cur/" + name));
  EXPECT_EQ(put(job({"small@example.test"}, body)), "0 delivered 2.0.0 Delivered to mailbox");
}

TEST_F(MailboxTest, ABodyThatOurStorageCannotReadDefersAll) {
  queue::Job lost = job({"you@example.test", "other@example.test"}, "x\r\n");
  lost.chunks.clear();
  EXPECT_EQ(put(lost),
            "0 deferred 4.3.0 Storage: no such chunk | 1 deferred 4.3.0 Storage: no such chunk");
}

/// A body of four chunks that only storage has, as after a restart. Its first chunks end between a
/// CR and its LF.
class StoredBodyTest : public MailboxTest {
 protected:
  StoredBodyTest() {
    std::string text = "y";
    std::string written = "Return-Path: <al@client.example>\nDelivered-To: you@example.test\ny";
    const std::string line(62, 'x');
    while (text.size() < 3 * storage::kChunkBytes + 1000) {
      text += line + "\r\n";
      written += line + "\n";
    }
    letter_ = job({"you@example.test"}, text);
    written_ = std::move(written);
    queue::Envelope envelope = *letter_.envelope;
    envelope.chunk_count = 0;
    for (std::size_t at = 0; at < text.size(); at += storage::kChunkBytes) {
      Bytes chunk(text.substr(at, storage::kChunkBytes));
      EXPECT_TRUE(run(queue_.append(envelope.id, envelope.chunk_count++, std::move(chunk))));
    }
    EXPECT_EQ(envelope.chunk_count, 4U);
    EXPECT_EQ(text[storage::kChunkBytes - 1], '\r');
    letter_.chunks.clear();
    letter_.envelope = std::make_shared<const queue::Envelope>(std::move(envelope));
  }

  sim::SimFiles& files() { return world_.server().files(); }
  std::size_t drafts() {
    return files().list("/mail/example.test/you/tmp").value_or(std::vector<std::string>()).size();
  }
  /// Empties the mailbox's new/.
  void take_mail() {
    const std::string folder = "/mail/example.test/you/new/";
    for (const std::string& name : files().list(folder).value_or(std::vector<std::string>()))
      EXPECT_TRUE(files().remove(folder + name));
  }

  queue::Job letter_;
  std::string written_;
};

TEST_F(StoredBodyTest, IsDeliveredWhole) {
  EXPECT_EQ(put(letter_), "0 delivered 2.0.0 Delivered to mailbox");
  EXPECT_TRUE(mailbox("you") == written_);
  EXPECT_EQ(drafts(), 0U);
}

TEST_F(StoredBodyTest, IsWrittenWhileItIsReadSoThatOneChunkIsInMemory) {
  const std::uint64_t before = files().calls();
  storage_.fail_read(3, Fault::unavailable);
  EXPECT_TRUE(put(letter_).starts_with("0 deferred 4.3.0 "));
  EXPECT_GE(files().calls() - before, 4U) << "the first chunks must be on their way";
}

TEST_F(StoredBodyTest, AnyChunkThatCannotBeReadDefersAndLeavesNoFile) {
  for (std::uint64_t nth = 0; nth < 4; ++nth) {
    SCOPED_TRACE(nth);
    storage_.fail_read(nth, Fault::unavailable);
    EXPECT_TRUE(put(letter_).starts_with("0 deferred 4.3.0 "));
    EXPECT_EQ(drafts(), 0U);
    EXPECT_EQ(mailbox("you"), "");
  }
  EXPECT_EQ(put(letter_), "0 delivered 2.0.0 Delivered to mailbox");
}

// Methodology: fail one more file call each time until none is left.
TEST_F(StoredBodyTest, EveryFileCallMayFailAndLeavesNoHalfMessage) {
  for (std::uint64_t nth = 0;; ++nth) {
    SCOPED_TRACE(nth);
    ASSERT_LT(nth, 100U) << "the loop must end";
    take_mail();
    const std::uint64_t failures = files().failures();
    files().fail_call(nth);
    const std::string outcomes = put(letter_);
    if (files().failures() == failures) break;
    EXPECT_EQ(drafts(), 0U);
    const std::string found = mailbox("you");
    if (outcomes.starts_with("0 delivered "))
      EXPECT_TRUE(found == written_);
    else
      EXPECT_TRUE(outcomes.starts_with("0 deferred 4.2.0 ") &&
                  (found.empty() || found == written_));
  }
}

TEST_F(StoredBodyTest, AFullDiskLeavesNoFile) {
  files().set_faults({.octets_max = 2 * storage::kChunkBytes});
  EXPECT_TRUE(put(letter_).starts_with("0 deferred 4.3.1 "));
  EXPECT_EQ(drafts(), 0U);
  EXPECT_EQ(mailbox("you"), "");
}

TEST_F(MailboxTest, EveryFileCallMayFailOnce) {
  const queue::Job letter = job({"you@example.test"}, "Subject: x\r\n\r\nhi\r\n");
  sim::SimFiles& files = world_.server().files();
  for (std::uint64_t nth = 0;; ++nth) {
    SCOPED_TRACE(nth);
    ASSERT_LT(nth, 100U) << "the loop must end";
    const std::uint64_t failures = files.failures();
    files.fail_call(nth);
    const std::string outcomes = put(letter);
    EXPECT_TRUE(outcomes.starts_with("0 delivered ") || outcomes.starts_with("0 deferred 4.2.0 "));
    if (files.failures() > failures) continue;
    EXPECT_EQ(outcomes, "0 delivered 2.0.0 Delivered to mailbox");
    break;
  }
}

}  // namespace
}  // namespace veredus::deliver
