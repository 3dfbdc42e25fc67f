// What a session takes from the heap for each command, once it has what it keeps.

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/allocations_test_support.h"
#include "mail/accept/session_test_support.h"

namespace veredus::accept {
namespace {

constexpr std::size_t kRounds = 100;
constexpr std::size_t kWarmUpRounds = 10;

/// A client that sends one packet after the other, each when the session waits for it, and notes
/// what was allocated from then until the session waits again. It allocates nothing itself.
class CountingStream final : public io::DeafStream {
 public:
  CountingStream(std::vector<std::string> packets, std::vector<std::uint64_t>& counts)
      : DeafStream("127.0.0.1:4000"), packets_(std::move(packets)), counts_(counts) {
    counts_.reserve(packets_.size());
  }

  io::Task<Result<>> wait_readable(Duration deadline) override {
    if (deadline == Duration::zero()) co_return fail(Fault::cancelled, "nothing yet");
    co_return Result<>();
  }
  io::Task<Result<std::size_t>> read_some(std::span<char> into, Duration /*deadline*/) override {
    if (next_ > 0) counts_.push_back(allocations - before_);
    if (next_ == packets_.size()) co_return std::size_t{0};
    const std::string& packet = packets_[next_++];
    std::ranges::copy(packet, into.begin());
    before_ = allocations;
    co_return packet.size();
  }

 private:
  std::vector<std::string> packets_;
  std::vector<std::uint64_t>& counts_;
  std::size_t next_ = 0;
  std::uint64_t before_ = 0;
};

AcceptConfig many_commands() {
  AcceptConfig accept;
  accept.idle_commands_max = 10 * kRounds;
  return accept;
}

class AllocationsTest : public OneSessionTest {
 protected:
  AllocationsTest() : OneSessionTest({}, many_commands()) {}

  /// The most that each packet of `round` was ever answered with, in its order, after EHLO and a
  /// few rounds.
  std::vector<std::uint64_t> most_of(const std::vector<std::string>& round) {
    std::vector<std::string> packets{"EHLO client.example\r\n"};
    for (std::size_t i = 0; i < kRounds; ++i)
      packets.insert(packets.end(), round.begin(), round.end());
    std::vector<std::uint64_t> counts;
    serve(std::make_unique<CountingStream>(packets, counts));
    EXPECT_EQ(counts.size(), packets.size());
    std::vector<std::uint64_t> most(round.size());
    for (std::size_t i = 1 + kWarmUpRounds * round.size(); i < counts.size(); ++i) {
      std::uint64_t& known = most[(i - 1) % round.size()];
      known = std::max(known, counts[i]);
    }
    return most;
  }
};

/// Names that fit into no std::string's own memory: what is allocated for them is the envelope's.
const std::string kMail =
    "MAIL FROM:<the.sender.of.a.letter@client.of.long.name.example> SIZE=4096 BODY=8BITMIME\r\n";
const std::string kFirst = "RCPT TO:<the.first.recipient@destination.of.long.name.example>\r\n";
const std::string kSecond = "RCPT TO:<the.second.recipient@destination.of.long.name.example>\r\n";
constexpr std::uint64_t kAddress = 2;  // Local part and domain.
constexpr std::uint64_t kList = 1;     // Of recipients, which grows.

TEST_F(AllocationsTest, NoneButTheEnvelopes) {
  if (!allocations_are_counted()) GTEST_SKIP() << "nobody counts here";
  const auto most = most_of(
      {"NOOP\r\n", "NOOP with some words behind it\r\n", kMail, kFirst, kSecond, "RSET\r\n"});
  EXPECT_EQ(most[0], 0U) << "NOOP";
  EXPECT_EQ(most[1], 0U) << "NOOP, and a long line";
  EXPECT_LE(most[2], kAddress) << "MAIL";
  EXPECT_LE(most[3], kAddress + kList) << "RCPT";
  EXPECT_LE(most[4], kAddress + kList) << "RCPT, the second";
  EXPECT_EQ(most[5], 0U) << "RSET";
}

TEST_F(AllocationsTest, NoneMoreForCommandsInOnePacket) {
  if (!allocations_are_counted()) GTEST_SKIP() << "nobody counts here";
  const auto most = most_of({"NOOP\r\nRSET\r\n" + kMail + kFirst + kSecond + "RSET\r\nNOOP\r\n"});
  EXPECT_LE(most[0], 3 * kAddress + 2 * kList);
}

/// Beyond DATA it is the message's: its trace, its body, what the queue keeps.
TEST_F(AllocationsTest, DataTakesItsTraceField) {
  if (!allocations_are_counted()) GTEST_SKIP() << "nobody counts here";
  const auto most = most_of({kMail, kFirst, "DATA\r\n", "Subject: text\r\n\r\nhello\r\n.\r\n"});
  EXPECT_LE(most[0], kAddress) << "MAIL";
  EXPECT_LE(most[1], kAddress + kList) << "RCPT";
  EXPECT_LE(most[2], 3U) << "DATA: the field, and in it the recipient and the date";
}

}  // namespace
}  // namespace veredus::accept
