#include "mail/manage/control.h"

#include <gtest/gtest.h>

#include "io/sim/world.h"
#include "storage/memory/memory_storage.h"

namespace veredus::manage {
namespace {

const io::Endpoint kSocket = *io::Endpoint::parse("192.0.2.1:4025");

/// A queue of some messages that wait for a next hop nobody works for, and its control socket.
class ControlTest : public testing::Test {
 protected:
  struct Server {
    Server(const io::System& system, storage::MemoryStorage& disk)
        : queue(queue::QueueConfig(), system, disk), control(system, queue) {
      queue.connect([](const queue::Recipient&) { return "nowhere"; }, [](const std::string&) {});
    }
    queue::Queue queue;
    ControlServer control;
  };

  ControlTest() : disk_(world_.system().clock) {
    server_ = world_.server()
                  .own<std::unique_ptr<Server>>(std::make_unique<Server>(world_.system(), disk_))
                  .get();
    world_.spawn("start", start(*this));
    world_.run_until([this] { return ready_; });
  }

  static io::Task<> start(ControlTest& test) {
    const Result<> started = co_await test.server_->queue.start();
    EXPECT_TRUE(started);
    const Result<> listening = test.server_->control.listen(kSocket);
    EXPECT_TRUE(listening);
    for (int i = 0; i < kMessages; ++i) {
      const Result<> queued = co_await test.server_->queue.submit(test.message());
      EXPECT_TRUE(queued);
    }
    test.ready_ = true;
  }

  queue::Message message() {
    queue::Message message;
    message.envelope.id = server_->queue.new_id();
    message.envelope.recipients.push_back({.address = *smtp::Address::parse("you@far.example"),
                                           .original = {},
                                           .orcpt = {},
                                           .notify = {}});
    message.chunks.emplace_back("Subject: x\r\n\r\n");
    ids_.push_back(message.envelope.id);
    return message;
  }

  /// Asks, and returns what it gave.
  Result<> ask_server(std::string request) {
    answers_.clear();
    std::optional<Result<>> result;
    world_.outside().spawn(
        "ask", run(world_.outside().system().network, std::move(request), answers_, result));
    world_.run_until([&] { return result.has_value(); });
    return *result;
  }

  static io::Task<> run(io::Network& network, std::string request,
                        std::vector<std::string>& answers, std::optional<Result<>>& result) {
    result = co_await ask(network, kSocket, std::move(request),
                          [&answers](std::string line) { answers.push_back(std::move(line)); });
  }

  static constexpr int kMessages = 450;  // More than two pages.
  sim::World world_{1};
  storage::MemoryStorage disk_;
  Server* server_ = nullptr;
  std::vector<QueueId> ids_;
  std::vector<std::string> answers_;
  bool ready_ = false;
};

TEST_F(ControlTest, ListsEveryMessageOnceInOrder) {
  ASSERT_TRUE(ask_server(list_request()));
  ASSERT_EQ(answers_.size(), ids_.size());
  for (std::size_t i = 0; i < ids_.size(); ++i)
    EXPECT_NE(answers_[i].find(R"("id":")" + text(ids_[i])), std::string::npos) << answers_[i];
}

TEST_F(ControlTest, ShowsOneOrNone) {
  ASSERT_TRUE(ask_server(show_request(ids_[7])));
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_NE(answers_[0].find(text(ids_[7])), std::string::npos);
  ASSERT_TRUE(ask_server(show_request(QueueId{1})));
  EXPECT_TRUE(answers_.empty());
}

TEST_F(ControlTest, BadRequestsAreToldWhatIsWrong) {
  for (const auto& [request, want] :
       {std::pair{"hello", "not a JSON object"}, std::pair{"[1]", "no such request"},
        std::pair{R"({"request":"dance"})", "no such request: dance"},
        std::pair{R"({"request":"queue_show","id":"x"})", "not a queue id"},
        std::pair{R"({"request":7})", "no such request"}}) {
    const Result<> asked = ask_server(request);
    ASSERT_FALSE(asked) << request;
    EXPECT_EQ(asked.error().fault(), Fault::refused);
    EXPECT_NE(asked.error().text().find(want), std::string::npos) << asked.error().text();
  }
  EXPECT_TRUE(ask_server(list_request()));
}

TEST_F(ControlTest, NobodyListensAfterStop) {
  world_.system().reactors.front()->post([this] { server_->control.stop(); });
  world_.run_for(std::chrono::seconds(1));
  const Result<> asked = ask_server(list_request());
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().fault(), Fault::unavailable);
}

}  // namespace
}  // namespace veredus::manage
