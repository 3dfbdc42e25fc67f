// Real threads: sessions on four reactors hand in mail while workers on the others take it out.
// Says nothing about order; under the thread sanitizer it shows that no data is shared by mistake.

#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "io/production.h"
#include "io/temporary_folder.h"
#include "mail/queue/queue.h"
#include "storage/rocksdb/rocksdb_storage.h"

namespace veredus::queue {
namespace {

constexpr unsigned kReactors = 5;
constexpr int kMessagesEach = 200;

class QueueThreads : public testing::Test {
 protected:
  io::Reactor& reactor(std::size_t number) {
    return *outside_->system().reactors[number % kReactors];
  }

  io::Task<> start() {
    Result<> begun = co_await queue_->start();
    EXPECT_TRUE(begun);
    started_ = true;
  }

  io::Task<> send(std::size_t session) {
    for (int i = 0; i < kMessagesEach; ++i) {
      Message message;
      message.envelope.id = queue_->new_id();
      message.envelope.received_at = outside_->system().clock.wall();
      const std::string domain = "d" + std::to_string((session + static_cast<std::size_t>(i)) % 7);
      message.envelope.recipients.push_back(
          {*smtp::Address::parse("a@" + domain + ".example"), {}, {}, {}, {}});
      message.chunks.emplace_back("body");
      Result<> queued = co_await queue_->submit(std::move(message));
      EXPECT_TRUE(queued);
      ++submitted_;
    }
  }

  io::Task<> work(std::string destination) {
    for (;;) {
      std::optional<Job> job = co_await queue_->next(
          {.destination = destination, .hosts = {}, .idle = std::chrono::milliseconds(50)});
      if (!job) co_return;
      Result<Bytes> body = co_await queue_->chunk(*job, 0);
      EXPECT_TRUE(body);
      EXPECT_EQ(body->view(), "body");
      ++delivered_;
      std::vector<Outcome> outcomes;
      outcomes.push_back({.recipient = 0, .state = State::relayed, .reply = {}, .remote = {}});
      co_await queue_->report(std::move(*job), std::move(outcomes));
    }
  }

  io::Task<> watch() {
    while (!stop_watching_) {
      auto lines = co_await queue_->list(QueueId{0}, 20);
      EXPECT_TRUE(lines);
      left_ = lines->size();
      co_await outside_->system().clock.sleep_for(std::chrono::milliseconds(5));
    }
    watch_ended_ = true;
  }

  static bool wait_for(const std::function<bool()>& condition) {
    for (int i = 0; i < 6000 && !condition(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return condition();
  }

  io::TemporaryFolder folder_;
  std::unique_ptr<io::Production> outside_;
  std::unique_ptr<storage::RocksdbStorage> storage_;
  std::unique_ptr<Queue> queue_;
  std::atomic<bool> started_ = false;
  std::atomic<bool> stop_watching_ = false;
  std::atomic<bool> watch_ended_ = false;
  std::atomic<int> submitted_ = 0;
  std::atomic<int> delivered_ = 0;
  std::atomic<std::size_t> left_ = 1;
};

TEST_F(QueueThreads, ManySessionsAndWorkersShareOneQueue) {
  auto outside = io::Production::make({.reactors = kReactors, .workers = 2, .dns = {}});
  ASSERT_TRUE(outside) << outside.error().text();
  outside_ = std::move(*outside);
  auto storage = storage::RocksdbStorage::open({.path = folder_.path(), .sync = false},
                                               outside_->system().workers);
  ASSERT_TRUE(storage) << storage.error().text();
  storage_ = std::move(*storage);
  QueueConfig config;
  config.memory_bytes_max = 20'000;  // So that some are read back.
  queue_ = std::make_unique<Queue>(config, outside_->system(), *storage_);
  std::atomic<std::size_t> turn = 0;
  queue_->connect(
      {.destination_of =
           [](const Recipient& recipient) { return std::string(recipient.address.host_text()); },
       .start_worker =
           [&](const std::string& destination) {
             reactor(1 + turn++ % 4).spawn("worker", work(destination));
           },
       .compose_notice = {}});
  reactor(0).spawn("start", start());
  ASSERT_TRUE(wait_for([&] { return started_.load(); }));
  for (std::size_t session = 0; session < 4; ++session)
    reactor(1 + session).spawn("session", send(session));
  reactor(2).spawn("watch", watch());

  EXPECT_TRUE(wait_for([&] { return delivered_ == 4 * kMessagesEach && left_ == 0; }))
      << submitted_ << " submitted, " << delivered_ << " delivered";
  EXPECT_EQ(submitted_, 4 * kMessagesEach);
  stop_watching_ = true;
  EXPECT_TRUE(wait_for([&] { return watch_ended_.load(); }));
  std::atomic<bool> stopped = false;
  reactor(0).post([&] {
    queue_->stop();
    stopped = true;
  });
  EXPECT_TRUE(wait_for([&] { return stopped.load(); }));

  outside_->stop();
  storage_->stop();
  outside_->clear();
  queue_.reset();
  storage_.reset();
  EXPECT_EQ(delivered_, 4 * kMessagesEach) << "none twice";
}

}  // namespace
}  // namespace veredus::queue
