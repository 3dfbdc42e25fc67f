#include "mail/queue/fair_queue.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace veredus::queue {
namespace {

FairQueue::Item item(std::uint64_t id, std::uint32_t sender) {
  return {QueueId{id}, SenderKey{sender}};
}

std::string drain(FairQueue& queue) {
  std::string order;
  while (!queue.empty()) order += std::to_string(static_cast<std::uint64_t>(queue.pop().id)) + " ";
  return order;
}

TEST(FairQueue, EmptyIsOnePointer) {
  EXPECT_EQ(sizeof(FairQueue), sizeof(void*));
  EXPECT_TRUE(FairQueue().empty());
  EXPECT_TRUE(FairQueue().all().empty());
}

TEST(FairQueue, OneSendersMessagesKeepTheirOrder) {
  FairQueue queue;
  for (std::uint64_t id = 1; id <= 200; ++id) queue.push(item(id, 7));
  for (std::uint64_t id = 1; id <= 200; ++id) EXPECT_EQ(queue.pop().id, QueueId{id});
  EXPECT_TRUE(queue.empty());
}

TEST(FairQueue, ASenderThatComesBackStandsBehindTheOthers) {
  FairQueue queue;
  queue.push(item(1, 1));
  queue.push(item(2, 2));
  queue.push(item(3, 3));
  EXPECT_EQ(queue.pop().id, QueueId{1});
  queue.push(item(4, 1));
  EXPECT_EQ(drain(queue), "2 3 4 ");
}

TEST(FairQueue, RemovesWhatIsUnwantedAndKeepsTheTurns) {
  FairQueue queue;
  for (std::uint64_t id = 1; id <= 9; ++id)
    queue.push(item(id, static_cast<std::uint32_t>(id % 3)));
  EXPECT_EQ(queue.remove_if([](QueueId id) { return id == QueueId{4} || id == QueueId{3}; }), 2U);
  EXPECT_EQ(queue.size(), 7U);
  EXPECT_EQ(queue.remove_if([](QueueId id) { return static_cast<std::uint64_t>(id) % 3 == 2; }),
            3U);
  EXPECT_EQ(drain(queue), "1 6 7 9 ");
  EXPECT_EQ(queue.remove_if([](QueueId) { return true; }), 0U);
}

TEST(FairQueue, TenThousandSendersGoOnceEachBeforeAnyGoesTwice) {
  FairQueue queue;
  constexpr std::uint32_t kSenders = 10'000;
  for (std::uint32_t i = 0; i < 3 * kSenders; ++i) queue.push(item(i, i % kSenders));
  for (int round = 0; round < 3; ++round) {
    std::set<SenderKey> seen;
    for (std::uint32_t i = 0; i < kSenders; ++i)
      EXPECT_TRUE(seen.insert(queue.pop().sender).second);
  }
  EXPECT_TRUE(queue.empty());
}

TEST(Fifo, WhatCouldNotGoStaysInFront) {
  Fifo<int> fifo;
  fifo.push_front(1);
  fifo.push(2);
  fifo.push_front(0);
  EXPECT_EQ(fifo.pop(), 0);
  fifo.push_front(9);
  EXPECT_EQ(fifo.front(), 9);
  EXPECT_EQ(fifo.size(), 3U);
  EXPECT_EQ(fifo.pop() + fifo.pop() * 10 + fifo.pop() * 100, 219);
  EXPECT_TRUE(fifo.empty());
}

TEST(FairQueue, WhatGrewIsToldOnce) {
  FairQueue queue;
  for (std::uint64_t id = 1; id <= 4; ++id) queue.push({QueueId{id}, SenderKey{1}});
  std::uint64_t old = 2;
  const auto level_of = [&old](QueueId id) -> std::uint8_t {
    return static_cast<std::uint64_t>(id) <= old ? 1 : 0;
  };
  EXPECT_EQ(queue.grown(level_of), (std::vector{QueueId{1}, QueueId{2}}));
  EXPECT_TRUE(queue.grown(level_of).empty());
  old = 3;
  EXPECT_EQ(queue.grown(level_of), std::vector{QueueId{3}});
  EXPECT_EQ(queue.grown([](QueueId id) -> std::uint8_t { return id == QueueId{1} ? 2 : 0; }),
            std::vector{QueueId{1}});
}

}  // namespace
}  // namespace veredus::queue
