// For tests: a queue in a world of its own, that can be restarted.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "io/sim/world.h"
#include "mail/queue/queue_test_support.h"
#include "storage/memory/memory_storage.h"

namespace veredus::queue {

class QueueTest : public testing::Test {
 protected:
  QueueTest() {
    config_.retry_jitter = 0;
    boot();
  }

  void boot() {
    server_ = &world_.server().own<Server>(config_, world_.server(), storage_, attempts_, judge_);
    world_.spawn("start", server_->start());
    ASSERT_TRUE(world_.run_until([this] { return server_->started; }));
  }
  void restart() {
    world_.crash();
    storage_.reopen();
    boot();
  }

  Message message(const std::vector<std::string_view>& recipients, std::string body = "hello\r\n") {
    Message made;
    made.envelope.id = server_->queue.new_id();
    made.envelope.sender = smtp::ReversePath(address("al@sender.example"));
    made.envelope.received_at = world_.time().wall();
    for (const std::string_view recipient : recipients)
      made.envelope.recipients.push_back({address(recipient), {}, {}, {}, {}});
    made.envelope.size = body.size();
    made.chunks.emplace_back(std::move(body));
    return made;
  }

  /// Runs a task of the server to its end and gives its result.
  template <class T>
  T run(io::Task<T> task) {
    std::optional<T> result;
    world_.spawn("test", keep(std::move(task), result));
    EXPECT_TRUE(world_.run_until([&result] { return result.has_value(); }));
    return std::move(*result);
  }
  template <class T>
  static io::Task<> keep(io::Task<T> task, std::optional<T>& result) {
    T value = co_await std::move(task);
    result.emplace(std::move(value));
  }

  void run_alone(io::Task<> task) {
    bool done = false;
    world_.spawn("test", note_end(std::move(task), done));
    EXPECT_TRUE(world_.run_until([&done] { return done; }));
  }
  static io::Task<> note_end(io::Task<> task, bool& done) {
    co_await std::move(task);
    done = true;
  }

  QueueId submit(Message made) {
    const QueueId id = made.envelope.id;
    EXPECT_TRUE(run(server_->queue.submit(std::move(made))));
    return id;
  }
  io::Task<> submit_later(Message made) {
    const Result<> queued = co_await server_->queue.submit(std::move(made));
    EXPECT_TRUE(queued);
  }
  std::vector<Listed> list() {
    auto lines = run(server_->queue.list(QueueId{0}, 1000));
    EXPECT_TRUE(lines);
    return std::move(*lines);
  }

  static constexpr std::uint64_t kReadsAtStart = 2;   ///< Envelopes and pauses: there are none.
  static constexpr std::uint64_t kReadsAMessage = 3;  ///< Envelope, standings, body.

  sim::World world_{7};
  storage::MemoryStorage storage_{world_.system().clock,
                                  {.commit_delay = std::chrono::milliseconds(2)}};
  QueueConfig config_;
  Attempts attempts_;
  Judge judge_ = deliver_all;
  Server* server_ = nullptr;
};

}  // namespace veredus::queue
