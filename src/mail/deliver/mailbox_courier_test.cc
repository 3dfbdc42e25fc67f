#include "mail/deliver/mailbox_courier.h"

#include "mail/deliver/deliver_test_support.h"

namespace veredus::deliver {
namespace {

class MailboxTest : public CourierTest {
 protected:
  std::string put(const queue::Job& job) {
    MailboxCourier courier(settings(), system_, queue_);
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
  EXPECT_EQ(put(job({"a@remote.example"}, "x\r\n")),
            "0 failed 5.1.1 <a@remote.example> is no mailbox here any more");
}

TEST_F(MailboxTest, AFullDiskDefersWithItsOwnStatus) {  // RFC 3463 §3.4: X.3.1
  world_.server().files().set_faults({.octets_max = 10});
  const std::string outcomes = put(job({"you@example.test"}, "x\r\n"));
  EXPECT_TRUE(outcomes.starts_with("0 deferred 4.3.1 ")) << outcomes;
}

TEST_F(MailboxTest, ABodyThatOurStorageCannotReadDefersAll) {
  queue::Job lost = job({"you@example.test", "other@example.test"}, "x\r\n");
  lost.chunks.clear();
  EXPECT_EQ(put(lost),
            "0 deferred 4.3.0 storage: no such chunk | 1 deferred 4.3.0 storage: no such chunk");
}

TEST_F(MailboxTest, EveryFileCallMayFailOnce) {
  const queue::Job letter = job({"you@example.test"}, "Subject: x\r\n\r\nhi\r\n");
  for (std::uint64_t nth = 0; nth < 12; ++nth) {
    SCOPED_TRACE(nth);
    world_.server().files().fail_call(nth);
    const std::string outcomes = put(letter);
    EXPECT_TRUE(outcomes.starts_with("0 delivered ") || outcomes.starts_with("0 deferred 4.3.0 "));
  }
  EXPECT_EQ(put(letter), "0 delivered 2.0.0 Delivered to mailbox");
  EXPECT_TRUE(mailbox("you").ends_with("hi\n"));
}

}  // namespace
}  // namespace veredus::deliver
