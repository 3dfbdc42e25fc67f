#include "main/torture/sink.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/sim/world.h"
#include "main/send/sender.h"

namespace veredus::torture {
namespace {

using testing::ElementsAre;
using Taken = std::pair<std::string, std::string>;

/// What a client saw.
struct Seen {
  int taken = 0;
  int refused = 0;
  int cut = 0;
};

const std::string kMail = "Subject: x\r\n\r\n.dot\r\n";

io::Task<> send_many(io::System system, io::Endpoint sink, int count, Seen& seen) {
  const send::Envelope envelope{"a@client.example", {"b@far.example", "c@far.example"}};
  while (seen.taken + seen.refused + seen.cut < count) {
    auto stream = co_await system.network.connect(sink, {});
    send::Sender sender(std::move(*stream),
                        {.helo = "client.example", .show = {}, .message_sent = {}});
    Result<> opened = co_await sender.open();
    if (!opened) ++seen.cut;
    while (opened && sender.is_usable() && seen.taken + seen.refused + seen.cut < count) {
      const auto reply = co_await sender.send(envelope, kMail);
      const bool refused = !reply && reply.error().fault() == Fault::refused;
      ++(reply ? seen.taken : refused ? seen.refused : seen.cut);
      if (!reply && !refused) break;
    }
    if (opened) co_await sender.quit();
  }
}

class SinkTest : public testing::Test {
 protected:
  void SetUp() override {
    world_.server().spawn("listen", listen(*this));
    world_.run_for(std::chrono::milliseconds(1));
    ASSERT_TRUE(endpoint_);
  }
  static io::Task<> listen(SinkTest& test) {
    auto listening = test.sink_.listen(io::Endpoint(test.world_.server().address(), 25));
    EXPECT_TRUE(listening);
    if (listening) test.endpoint_ = *listening;
    co_return;
  }
  const Seen& send(int count) {
    world_.outside().spawn("send", send_many(world_.outside().system(), *endpoint_, count, seen_));
    EXPECT_TRUE(world_.run_until([&] { return seen_.taken + seen_.refused + seen_.cut >= count; },
                                 std::chrono::hours(24)));
    world_.run_for(std::chrono::seconds(20));
    return seen_;
  }

  sim::World world_{1};
  std::vector<Taken> taken_;
  std::size_t cut_ = 0;  ///< Taken, and cut instead of answered.
  Sink sink_{
      world_.system(), 1,
      [this](const std::string& recipient, std::string_view message, const Arrival& arrival) {
        taken_.emplace_back(recipient, message);
        cut_ += arrival.is_answered ? 0 : 1;
        EXPECT_LE(arrival.begun, arrival.taken);
        EXPECT_EQ(arrival.taken, world_.system().clock.now());
      }};
  std::optional<io::Endpoint> endpoint_;
  Seen seen_;
};

TEST_F(SinkTest, TakesAMessageForEachRecipientOctetByOctet) {
  sink_.behave();
  EXPECT_EQ(send(1).taken, 1);
  EXPECT_THAT(taken_, ElementsAre(Taken("b@far.example", kMail), Taken("c@far.example", kMail)));
}

TEST_F(SinkTest, SlipsUntilItBehaves) {
  send(5000);
  EXPECT_GT(seen_.taken, 4500);
  EXPECT_GT(seen_.refused, 10);
  EXPECT_GT(seen_.cut, 0);
  sink_.behave();
  seen_ = {};
  EXPECT_EQ(send(1000).taken, 1000);
}

TEST_F(SinkTest, WhatItSaysItTookItHasTaken) {
  send(5000);
  // Each message is for two; a recipient may be refused, and what was cut may have been taken.
  EXPECT_GE(taken_.size() + 200, static_cast<std::size_t>(2 * seen_.taken));
  EXPECT_GE(taken_.size(), static_cast<std::size_t>(seen_.taken));
  EXPECT_LE(taken_.size(), static_cast<std::size_t>(2 * (seen_.taken + seen_.cut)));
  EXPECT_GT(cut_, 0U);
  EXPECT_LE(taken_.size() - cut_, static_cast<std::size_t>(2 * seen_.taken));
  for (const Taken& taken : taken_) ASSERT_EQ(taken.second, kMail);
}

TEST(Mischief, IsTheSameForTheSameSeedAndEnds) {
  Mischief one(7);
  Mischief other(7);
  int slips = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Slip slip = one.at(Step::message);
    EXPECT_EQ(slip, other.at(Step::message));
    slips += slip == Slip::none ? 0 : 1;
  }
  EXPECT_GT(slips, 20);
  EXPECT_LT(slips, 200);
  one.end();
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(one.at(Step::greeting), Slip::none);
}

}  // namespace
}  // namespace veredus::torture
