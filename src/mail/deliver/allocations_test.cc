// What the client takes from the heap for each command and reply, once it has what it keeps.

#include "base/allocations_test_support.h"
#include "io/stream_test_support.h"
#include "mail/deliver/client.h"
#include "mail/deliver/deliver_test_support.h"

namespace veredus::deliver {
namespace {

/// A next hop whose replies are known: each read brings the next packet. Notes what was allocated
/// from there until the client writes again, or reads on. It allocates nothing itself.
class CountingStream final : public io::SocketlessStream {
 public:
  CountingStream(std::vector<std::string> packets, std::vector<std::uint64_t>& counts)
      : SocketlessStream("203.0.113.1:25"), packets_(std::move(packets)), counts_(counts) {
    counts_.reserve(packets_.size());
  }

  io::Task<Result<>> wait_readable(Duration /*deadline*/) override {
    note();
    co_return Result<>();
  }
  io::Task<Result<std::size_t>> read_some(std::span<char> into, Duration /*deadline*/) override {
    if (counts_.size() == packets_.size()) co_return std::size_t{0};
    const std::string& packet = packets_[counts_.size()];
    std::ranges::copy(packet, into.begin());
    before_ = allocations;
    is_counting_ = true;
    co_return packet.size();
  }
  io::Task<Result<>> write(const std::string& /*octets*/, Duration /*deadline*/) override {
    note();
    co_return Result<>();
  }
  io::Task<Result<>> write_all(std::vector<std::string_view> /*pieces*/,
                               Duration /*deadline*/) override {
    note();
    co_return Result<>();
  }

 private:
  void note() {
    if (std::exchange(is_counting_, false)) counts_.push_back(allocations - before_);
  }

  std::vector<std::string> packets_;
  std::vector<std::uint64_t>& counts_;
  std::uint64_t before_ = 0;
  bool is_counting_ = false;
};

class ClientAllocations : public CourierTest {
 protected:
  static constexpr std::size_t kMessages = 20;

  io::Task<bool> converse(std::unique_ptr<io::Stream> stream, const queue::Job& message) {
    Client client(std::move(stream), {.remote = "mx.example"}, {config_, queue_, system_.workers});
    const auto opened = co_await client.open();
    EXPECT_TRUE(opened);
    bool good = opened.has_value();
    for (std::size_t i = 0; good && i < kMessages; ++i) {
      Outcomes outcomes(message, system_.clock);
      const auto sent = co_await client.send(message, outcomes);
      good = sent && outcomes.open().empty();
    }
    client.close();
    co_return good;
  }

  /// What each of the packets that answer the last of many messages cost.
  std::vector<std::uint64_t> counts_of(std::string hello, const std::vector<std::string>& answers,
                                       std::size_t recipients) {
    std::vector<std::string> packets{"220 mx\r\n", std::move(hello)};
    for (std::size_t i = 0; i < kMessages; ++i)
      packets.insert(packets.end(), answers.begin(), answers.end());
    std::vector<std::string> names;
    for (std::size_t i = 0; i < recipients; ++i)
      names.push_back("recipient" + std::to_string(i) + "@destination.example");
    const queue::Job message =
        job({names.begin(), names.end()}, "Subject: one\r\n\r\nof many lines of text\r\n");
    std::vector<std::uint64_t> counts;
    EXPECT_TRUE(run(converse(std::make_unique<CountingStream>(packets, counts), message)));
    if (counts.size() + 1 < packets.size()) return {};  // The last packet has nothing behind it.
    counts.resize(packets.size());
    return {counts.end() - static_cast<std::ptrdiff_t>(answers.size()), counts.end()};
  }
};

TEST_F(ClientAllocations, NoneForARecipient) {
  if (!allocations_are_counted()) GTEST_SKIP() << "nobody counts here";
  const std::vector<std::string> answers{
      "250 2.1.0 The sender is one that we like\r\n", "250 2.1.5 The recipient is known here\r\n",
      "250 2.1.5 The recipient is known here\r\n", "354 Go on with the message, please\r\n",
      "250 2.0.0 The message has been taken over\r\n"};
  const auto counts = counts_of("250 mx.example\r\n", answers, 2);
  ASSERT_EQ(counts.size(), answers.size());
  EXPECT_EQ(counts[0], 0U) << "MAIL's reply, and RCPT";
  EXPECT_EQ(counts[1], 0U) << "RCPT's reply, and RCPT";
  EXPECT_EQ(counts[2], 0U) << "RCPT's reply, and DATA";
}

TEST_F(ClientAllocations, NoneForARecipientOfAGroup) {
  if (!allocations_are_counted()) GTEST_SKIP() << "nobody counts here";
  const auto cost = [this](std::size_t recipients) {
    std::string group = "250 2.1.0 The sender is one that we like\r\n";
    for (std::size_t i = 0; i < recipients; ++i)
      group += "250 2.1.5 The recipient is known here\r\n";
    group += "354 Go on with the message, please\r\n";
    const auto counts = counts_of("250-mx.example\r\n250 PIPELINING\r\n",
                                  {group, "250 2.0.0 The message has been taken\r\n"}, recipients);
    EXPECT_EQ(counts.size(), 2U);
    return counts.empty() ? 0 : counts[0];
  };
  const std::uint64_t one = cost(1);
  EXPECT_EQ(cost(20), one);
  EXPECT_LE(one, 2U) << "for the message's pieces";
}

}  // namespace
}  // namespace veredus::deliver
