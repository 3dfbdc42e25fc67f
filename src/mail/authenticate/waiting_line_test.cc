#include "mail/authenticate/waiting_line.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/sim/world.h"

namespace veredus::authenticate {
namespace {

struct Counts {
  int running = 0;
  int running_most = 0;
  int refused = 0;
  std::vector<int> done;
};

io::Task<> work(WaitingLine& line, io::Clock& clock, int number, std::uint8_t client,
                Counts& counts) {
  const WaitingLine::Limits limits{.at_once = 2, .waiting_max = 10, .per_client_max = 5};
  auto place = co_await line.enter(IpAddress::v4({10, 0, 0, client}), limits);
  if (!place) {
    EXPECT_EQ(place.error().fault(), Fault::overloaded);
    ++counts.refused;
    co_return;
  }
  counts.running_most = std::max(counts.running_most, ++counts.running);
  co_await clock.sleep_for(std::chrono::milliseconds(30));
  --counts.running;
  counts.done.push_back(number);
}

class WaitingLineTest : public testing::Test {
 protected:
  void come(int number, std::uint8_t client) {
    world.spawn("work", work(line, world.system().clock, number, client, counts));
  }

  Counts counts;
  sim::World world{1};
  WaitingLine line{world.system().clock};
};

TEST_F(WaitingLineTest, SoManyAtOnceSoManyInLineInOrder) {
  for (int i = 0; i < 20; ++i) come(i, static_cast<std::uint8_t>(i));
  world.run_until_idle();
  EXPECT_EQ(counts.running_most, 2);
  EXPECT_EQ(counts.refused, 8);
  EXPECT_EQ(counts.done, (std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  for (int i = 0; i < 12; ++i) come(i, static_cast<std::uint8_t>(i));
  world.run_until_idle();
  EXPECT_EQ(counts.done.size(), 24U) << "all places are free again";
}

TEST_F(WaitingLineTest, OneClientDoesNotTakeTheWholeLine) {
  for (int i = 0; i < 100; ++i) come(i, 1);
  come(100, 2);
  world.run_until_idle();
  EXPECT_EQ(counts.done, (std::vector{0, 1, 2, 3, 4, 100}));
  EXPECT_EQ(counts.refused, 95);
}

}  // namespace
}  // namespace veredus::authenticate
