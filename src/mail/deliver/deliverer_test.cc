// Queue and workers together: a message goes in, comes out, and the workers go home.

#include "mail/deliver/deliverer.h"

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "mail/deliver/deliver_test_support.h"

namespace veredus::deliver {
namespace {

/// A resolver with a bug, until it is mended.
class ThrowingResolver : public io::Resolver {
 public:
  explicit ThrowingResolver(io::Resolver& resolver) : resolver_(resolver) {}

  io::Task<Result<dns::Answer>> lookup(std::string name, dns::Type type) override {
    if (throws) throw std::logic_error("a bug in " + name);
    auto answer = co_await resolver_.lookup(std::move(name), type);
    co_return answer;
  }
  bool throws = true;

 private:
  io::Resolver& resolver_;
};

class DelivererTest : public CourierTest {
 protected:
  DelivererTest() {
    world_.dns().mx("x.example", 10, "a.x.example");
    world_.dns().address("a.x.example", "203.0.113.1");
  }

  void start() { start(system_); }
  void start(const io::System& system) {
    deliverer_.emplace(system, queue_, settings());
    queue_.connect(
        {.destination_of =
             [this](const auto& to) {
               return destination_.value_or(deliverer_->destination_of(to));
             },
         .start_worker = [this](const auto& name) { deliverer_->start_worker(name); },
         .compose_notice = [](const queue::NoticeRequest& /*request*/) -> Result<queue::Message> {
           return fail(Fault::refused, "no sender is told anything here");
         }});
    EXPECT_TRUE(run(queue_.start()));
  }
  void submit(const std::vector<std::string_view>& recipients) {
    const queue::Job made = job(recipients, "x\r\n");
    queue::Message message;
    message.envelope = *made.envelope;
    message.envelope.id = queue_.new_id();
    message.chunks = made.chunks;
    EXPECT_TRUE(run(queue_.submit(std::move(message))));
  }
  void TearDown() override {
    queue_.stop();
    CourierTest::TearDown();
    EXPECT_EQ(deliverer_->worker_count(), 0U);
  }

  /// What the queue knows of the one message in it.
  std::string reply() {
    const auto listed = run(queue_.list(QueueId{0}, 1));
    return listed && listed->size() == 1 ? listed->front().standings.front().reply : "";
  }

  std::optional<Deliverer> deliverer_;
  std::optional<std::string> destination_;  // Instead of the right one.
};

TEST_F(DelivererTest, BringsEachRecipientWhereItBelongs) {
  hop("203.0.113.1:25", {"plain hello\n" + taken("250 taken") + std::string(kQuit)});
  start();
  submit({"a@x.example", "you@example.test"});
  world_.run_for(std::chrono::minutes(1));
  EXPECT_EQ(storage_.keys(), 0U) << "the message is done";
  EXPECT_EQ(deliverer_->worker_count(), 0U);
  const auto files = world_.server().files().list("/mail/example.test/you/new");
  ASSERT_TRUE(files);
  EXPECT_EQ(files->size(), 1U);
}

TEST_F(DelivererTest, AWorkerThatWaitsForMoreGoesByTheSettingsOfThen) {
  start();
  submit({"you@example.test"});
  world_.run_for(std::chrono::milliseconds(500));
  ASSERT_EQ(deliverer_->worker_count(), 1U) << "it waits for another message";
  route_.domains.front().mailboxes.push_back("newcomer");
  deliverer_->replace(settings());
  submit({"newcomer@example.test"});
  world_.run_for(std::chrono::minutes(1));
  EXPECT_EQ(storage_.keys(), 0U);
  const auto files = world_.server().files().list("/mail/example.test/newcomer/new");
  ASSERT_TRUE(files);
  EXPECT_EQ(files->size(), 1U);
}

TEST_F(DelivererTest, TriesAgainWithTheSettingsOfThen) {
  hop("203.0.113.2:26", {"plain hello\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\n"
                         "S: 354 go\nC: x\nC: .\nS: 250 taken\nC: QUIT\nS: 221 bye"});
  start();
  submit({"a@x.example"});  // Nobody listens at 203.0.113.1.
  world_.run_for(std::chrono::seconds(20));
  EXPECT_GT(storage_.keys(), 0U);
  config_.port = 26;
  world_.dns().remove("a.x.example", dns::Type::a);
  world_.dns().address("a.x.example", "203.0.113.2");
  deliverer_->replace(settings());
  world_.run_for(std::chrono::minutes(10));
  EXPECT_EQ(storage_.keys(), 0U);
}

TEST_F(DelivererTest, AsksFailedHostsAgainWhenNewSettingsCame) {
  world_.dns().mx("x.example", 20, "b.x.example");
  world_.dns().address("b.x.example", "203.0.113.2");
  start();
  submit({"a@x.example"});  // Nobody listens at either host.
  world_.run_for(std::chrono::seconds(20));
  const std::string take = "plain hello\n" + taken("250 taken") + std::string(kQuit);
  const ScriptedHop& first = hop("203.0.113.1:25", {take, take});
  deliverer_->replace(settings());
  submit({"b@x.example"});
  world_.run_for(std::chrono::seconds(10));
  EXPECT_EQ(first.connections, 1) << "though its pause is a minute";
  world_.run_for(std::chrono::minutes(5));
  EXPECT_EQ(storage_.keys(), 0U);
}

constexpr std::string_view kOurFault = "4.3.0 A fault of this server broke off the attempt";

TEST_F(DelivererTest, ADestinationThatIsNoneKeepsNeitherItsMailNorItsWorker) {
  destination_ = "nowhere:at all";
  start();
  submit({"you@example.test"});
  world_.run_for(std::chrono::seconds(20));
  EXPECT_EQ(reply(), kOurFault);
  EXPECT_EQ(deliverer_->worker_count(), 0U);
  submit({"other@example.test"});
  world_.run_for(std::chrono::minutes(10));
  const auto listed = run(queue_.list(QueueId{0}, 10));
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 2U);
  for (const queue::Listed& line : *listed) {
    EXPECT_EQ(line.standings.front().reply, kOurFault);
    EXPECT_GE(line.standings.front().attempts, 2U) << "the destination still has a worker";
  }
  EXPECT_EQ(deliverer_->worker_count(), 0U);
}

TEST_F(DelivererTest, AFaultWhileHostsAreLookedUpKeepsNeitherMailNorWorker) {
  ThrowingResolver resolver(system_.resolver);
  const io::System system{system_.clock,   system_.random, system_.network, resolver,
                          system_.workers, system_.files,  system_.reactors};
  hop("203.0.113.1:25", {"plain hello\n" + taken("250 taken") + std::string(kQuit)});
  start(system);
  submit({"a@x.example"});
  world_.run_for(std::chrono::seconds(20));
  EXPECT_EQ(reply(), kOurFault);
  EXPECT_EQ(deliverer_->worker_count(), 0U);
  resolver.throws = false;
  world_.run_for(std::chrono::minutes(10));
  EXPECT_EQ(storage_.keys(), 0U);
}

}  // namespace
}  // namespace veredus::deliver
