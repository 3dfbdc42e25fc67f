#include "storage/memory/memory_storage.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "io/sim/world.h"
#include "storage/contract_test.h"

namespace veredus::storage {
namespace {

class MemoryEngine final : public Engine {
 public:
  MemoryEngine() : world_(1), storage_(world_.system().clock, kDelays) {}

  Storage& storage() override { return storage_; }
  void reopen() override {
    world_.crash();
    storage_.reopen();
  }
  void run(io::Task<> task) override {
    world_.spawn("test", std::move(task));
    EXPECT_TRUE(world_.run_until([&] { return world_.server().tasks() == 0; }));
    EXPECT_TRUE(world_.failures().empty());
  }

 private:
  static constexpr MemoryConfig kDelays{.commit_delay = std::chrono::milliseconds(5),
                                        .read_delay = std::chrono::microseconds(50)};
  sim::World world_;
  MemoryStorage storage_;
};

std::unique_ptr<Engine> make_memory_engine() { return std::make_unique<MemoryEngine>(); }

INSTANTIATE_TEST_SUITE_P(Memory, StorageContract, testing::Values(&make_memory_engine));

/// A simulated server that commits "k1", "k2", ... one after the other, each with a body.
class MemoryFaults : public testing::Test {
 protected:
  io::Task<> commit_some(int count) {
    for (int i = 1; i <= count; ++i) {
      const auto number = static_cast<std::uint64_t>(i);
      auto appended = co_await storage_.append(BlobId{number}, 0, Bytes(std::string("body")));
      Batch batch;
      batch.put(Space::queue, "k" + std::to_string(i), Bytes(std::string("v")));
      batch.put_blob(BlobId{number}, 1, {});
      auto done = co_await storage_.commit(std::move(batch));
      if (done) ++acknowledged_;
      if (!done) faults_.push_back(done.error().fault());
    }
  }

  static io::Task<Result<>> die(sim::Host& host) {
    co_await host.die();
    co_return Result<>();
  }
  static io::Task<Result<>> go_on() { co_return Result<>(); }

  void crash_at(CommitPoint where, std::uint64_t which) {
    storage_.set_hook([this, where, which](CommitPoint point, std::uint64_t commit) {
      return point == where && commit == which ? die(world_.server()) : go_on();
    });
  }

  sim::World world_{1};
  MemoryStorage storage_{world_.system().clock, {.commit_delay = std::chrono::milliseconds(1)}};
  std::size_t acknowledged_ = 0;
  std::vector<Fault> faults_;
};

TEST_F(MemoryFaults, ACrashBeforeACommitLeavesNothingOfIt) {
  crash_at(CommitPoint::before_apply, 3);
  world_.spawn("commits", commit_some(5));
  EXPECT_TRUE(world_.run_until_idle());
  EXPECT_EQ(world_.server().crashes(), 1U);
  EXPECT_EQ(acknowledged_, 2U);
  EXPECT_EQ(storage_.keys(), 2U);
  EXPECT_EQ(storage_.unclaimed_blobs(), 1U);
  storage_.reopen();
  EXPECT_EQ(storage_.unclaimed_blobs(), 0U);
  EXPECT_EQ(storage_.blobs(), 2U);
}

TEST_F(MemoryFaults, ACrashAfterACommitLeavesAllOfItThoughNobodyWasTold) {
  crash_at(CommitPoint::after_apply, 3);
  world_.spawn("commits", commit_some(5));
  EXPECT_TRUE(world_.run_until_idle());
  EXPECT_EQ(acknowledged_, 2U);
  EXPECT_EQ(storage_.keys(), 3U);
  EXPECT_EQ(storage_.blobs(), 3U);
  storage_.reopen();
  world_.spawn("commits", commit_some(5));
  EXPECT_TRUE(world_.run_until_idle());
  EXPECT_EQ(acknowledged_, 2U + 5U);
}

TEST_F(MemoryFaults, APlannedFailureAppliesNothingAndSaysWhy) {
  storage_.fail_commit(1, Fault::unavailable);
  storage_.fail_commit(3, Fault::overloaded);
  world_.spawn("commits", commit_some(5));
  EXPECT_TRUE(world_.run_until_idle());
  EXPECT_EQ(faults_, (std::vector<Fault>{Fault::unavailable, Fault::overloaded}));
  EXPECT_EQ(storage_.keys(), 3U);
  EXPECT_EQ(storage_.unclaimed_blobs(), 2U);
}

TEST_F(MemoryFaults, APlannedFailureOfAnAppendMakesTheClaimFail) {
  storage_.fail_append(0, Fault::unavailable);
  world_.spawn("commits", commit_some(2));
  EXPECT_TRUE(world_.run_until_idle());
  EXPECT_EQ(faults_, (std::vector<Fault>{Fault::unavailable}));
  EXPECT_EQ(storage_.keys(), 1U);
}

io::Task<> commit_to(MemoryStorage& storage, std::size_t& acknowledged) {
  for (int i = 0; i < 10; ++i) {
    Batch batch;
    batch.put(Space::queue, std::to_string(i), Bytes(std::string("v")));
    auto done = co_await storage.commit(std::move(batch));
    if (done) ++acknowledged;
  }
}

TEST(MemoryPower, AcknowledgedIsDurableWhereverThePowerFails) {
  // Power cuts at every hundred microseconds of the run: never fewer keys than acknowledgements,
  // never more than one that was in the making.
  for (int moment = 0; moment < 120; ++moment) {
    SCOPED_TRACE(moment);
    sim::World world(static_cast<std::uint64_t>(moment) + 1);
    MemoryStorage storage(world.system().clock, {.commit_delay = std::chrono::milliseconds(1)});
    std::size_t acknowledged = 0;
    world.spawn("commits", commit_to(storage, acknowledged));
    world.run_for(moment * std::chrono::microseconds(100));
    world.crash();
    storage.reopen();
    EXPECT_GE(storage.keys(), acknowledged);
    EXPECT_LE(storage.keys(), acknowledged + 1);
  }
}

}  // namespace
}  // namespace veredus::storage
