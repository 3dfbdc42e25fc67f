// The load against servers that keep and break the promise; the books must tell them apart.

#include "main/torture/load.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "io/sim/world.h"
#include "io/temporary_folder.h"
#include "main/torture/sink.h"

namespace veredus::torture {
namespace {

/// The sink stands for the server: what it has taken has arrived at once.
class LoadTest : public testing::Test {
 protected:
  /// Load until this many mails have had an answer, or for some seconds; then its end.
  void run() {
    world_.server().spawn("listen", listen(*this));
    world_.run_for(std::chrono::milliseconds(1));
    load_.start();
    const auto answered = [this] { return counts().messages + books_.refused + books_.cut; };
    world_.run_until([&] { return answered() >= kMails; }, std::chrono::seconds(5));
    load_.stop();
    EXPECT_TRUE(world_.run_until([this] { return load_.working() == 0; }));
  }
  static io::Task<> listen(LoadTest& test) {
    EXPECT_TRUE(test.sink_.listen(test.server_));
    co_return;
  }
  void arrive(const std::string& recipient, std::string_view message, const Arrival& arrival) {
    if (++taken_ % lose_every_ == 0) {
      ++lost_;
      return;
    }
    std::string text(message);
    if (taken_ % spoil_every_ == 0) text[text.size() / 2] ^= 1;
    books_.book(books_.maker.judge(recipient, text), text, arrival);
  }
  const Counts& counts() const { return books_.ledger.counts(); }

  static constexpr std::uint64_t kMails = 1500;
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  sim::World world_{1};
  io::Endpoint server_{world_.server().address(), 25};
  io::TemporaryFolder folder_;
  Books books_{MailMaker(3), folder_.path() + "/evidence"};
  std::uint64_t taken_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t lose_every_ = kNever;
  std::uint64_t spoil_every_ = kNever;
  Sink sink_{world_.system(), 5,
             [this](const std::string& recipient, std::string_view message,
                    const Arrival& arrival) { arrive(recipient, message, arrival); }};
  Load load_{world_.outside().system(),
             {.server = server_, .sessions = 4, .outstanding_max = 100},
             books_};
};

TEST_F(LoadTest, AHonestServerLosesNothing) {
  sink_.behave();
  run();
  EXPECT_GT(counts().messages, 100U);
  EXPECT_EQ(counts().arrived, counts().acknowledged);
  EXPECT_EQ(counts().acknowledged, taken_);
  EXPECT_EQ(books_.latency.count(), counts().messages);
  EXPECT_EQ(books_.ledger.outstanding() + counts().unconfirmed + books_.cut + books_.refused, 0U);
}

TEST_F(LoadTest, AServerThatCutsConnectionsIsNotTakenForOneThatLoses) {
  run();
  EXPECT_GT(books_.refused, 0U);
  EXPECT_GT(books_.cut, 0U);
  EXPECT_EQ(books_.ledger.outstanding(), 0U);
  EXPECT_EQ(counts().arrived, counts().acknowledged + counts().unconfirmed);
}

TEST_F(LoadTest, AServerThatLosesIsFound) {
  sink_.behave();
  lose_every_ = 97;
  run();
  EXPECT_GT(lost_, 0U);
  EXPECT_EQ(books_.ledger.outstanding(), lost_);
}

TEST_F(LoadTest, AServerThatChangesIsFound) {
  sink_.behave();
  spoil_every_ = 97;
  run();
  EXPECT_EQ(counts().changed, taken_ / 97);
}

TEST_F(LoadTest, WaitsWhenTooMuchIsOutstanding) {
  sink_.behave();
  lose_every_ = 1;
  run();
  EXPECT_GE(books_.ledger.outstanding(), 100U);
  EXPECT_LT(books_.ledger.outstanding(), 100U + 4 * kRecipientsMax);  // One mail a session.
}

TEST(IdIn, FindsTheQueueIdInAReply) {
  const QueueId id{0x123456789ABCDEF};
  EXPECT_EQ(id_in("250 2.0.0 " + text(id) + " queued"), id);
  EXPECT_EQ(id_in("250 2.0.0 Ok: queued as " + text(id)), id);
  EXPECT_EQ(id_in("250 2.0.0 Taken"), QueueId{});
}

}  // namespace
}  // namespace veredus::torture
