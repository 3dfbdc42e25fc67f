#include "mail/accept/message_reader.h"

#include <gtest/gtest.h>

#include "io/sim/world.h"
#include "storage/memory/memory_storage.h"

namespace veredus::accept {
namespace {

constexpr const char* kTrace = "Received: here\r\n";

/// What became of one message.
struct Reading {
  bool done = false;
  std::optional<Error> error;
  std::optional<smtp::Reply> refusal;
  queue::Message message;
  std::size_t unclaimed_at_verdict = 0;  ///< Before the reader was told to discard.
};

class MessageReaderTest : public testing::Test {
 protected:
  MessageReaderTest() : queue_(queue::QueueConfig(), system_, storage_) {
    config_.message_bytes_max = 4 * kMiB;
    config_.memory_bytes_max = storage::kChunkBytes;
    queue_.connect(
        {.destination_of = [](const queue::Recipient&) { return std::string("nowhere"); },
         .start_worker = [](const std::string&) {},
         .compose_notice = {}});
    world_.spawn("queue", begin_queue(queue_));
  }

  ~MessageReaderTest() override { world_.crash(); }

  /// Sends `wire`, closes, and reads it as one message.
  Reading read(const std::string& wire) {
    Reading reading;
    world_.spawn("reader", receive(*this, reading));
    world_.outside().spawn("writer", send(world_.outside().system(), wire));
    EXPECT_TRUE(world_.run_until([&] { return reading.done; }));
    return reading;
  }

  static io::Task<> begin_queue(queue::Queue& queue) {
    const Result<> begun = co_await queue.start();
    EXPECT_TRUE(begun);
  }

  static io::Task<> send(io::System system, std::string wire) {
    auto stream = co_await system.network.connect(*io::Endpoint::parse("192.0.2.1:25"), {});
    if (!stream) co_return;
    const std::vector<std::string_view> pieces{wire};
    co_await (*stream)->write_all(pieces, std::chrono::hours(1));
    co_await (*stream)->shutdown();
  }

  static io::Task<> receive(MessageReaderTest& test, Reading& reading) {
    auto listener = test.world_.system().network.listen(*io::Endpoint::parse("192.0.2.1:25"));
    auto stream = co_await (*listener)->accept();
    io::Connection connection(std::move(*stream));
    MessageReader reader(test.config_, test.surroundings_, test.queue_.new_id(), kTrace);
    auto outcome = co_await reader.read(connection);
    reading.unclaimed_at_verdict = test.storage_.unclaimed_blobs();
    if (!outcome) reading.error = outcome.error();
    if (outcome && *outcome) reading.refusal = std::move(**outcome);
    if (reading.error || reading.refusal)
      co_await reader.discard();
    else
      reader.give(reading.message);
    reading.done = true;
  }

  /// Lines of `octets` in all, a multiple of 50.
  static std::string body(std::size_t octets) {
    std::string text = "\r\n\r\n";
    while (text.size() + 50 <= octets) text += std::string(48, 'x') + "\r\n";
    return text;
  }

  /// Megabytes in small pieces take long and tell nothing that DataDecoder's tests do not.
  static sim::Faults plain_wires() {
    sim::Faults faults;
    faults.network.segments = false;
    return faults;
  }

  sim::World world_{1, plain_wires()};
  io::System system_ = world_.system();
  storage::MemoryStorage storage_{system_.clock};
  AcceptConfig config_;
  queue::Queue queue_;
  Surroundings surroundings_{system_, queue_};
};

TEST_F(MessageReaderTest, SmallMessageStaysInMemory) {
  const Reading reading = read("Message-ID: <1@a.example>\r\n\r\n..text\r\n.\r\n");
  ASSERT_FALSE(reading.error || reading.refusal);
  const queue::Message& message = reading.message;
  ASSERT_EQ(message.chunks.size(), 1U);
  const std::string all = std::string(kTrace) + "Message-ID: <1@a.example>\r\n\r\n.text\r\n";
  EXPECT_EQ(message.chunks.front().view(), all);
  EXPECT_EQ(message.envelope.size, all.size());
  EXPECT_EQ(message.envelope.chunk_count, 1U);
  EXPECT_EQ(message.envelope.message_id, "<1@a.example>");
  EXPECT_EQ(message.envelope.body, smtp::Body::seven_bit);
  EXPECT_EQ(storage_.unclaimed_blobs(), 0U);
}

/// Memory is bounded: of three megabytes no more than the limit and a chunk is kept.
TEST_F(MessageReaderTest, LargeMessageStreamsOut) {
  const std::string text = body(3 * kMiB);
  const Reading reading = read(text + ".\r\n");
  ASSERT_FALSE(reading.error || reading.refusal);
  const queue::Message& message = reading.message;
  EXPECT_GE(message.appended, 11U);
  std::size_t kept = 0;
  for (const Bytes& chunk : message.chunks) kept += chunk.size();
  EXPECT_LE(kept, config_.memory_bytes_max + storage::kChunkBytes);
  EXPECT_EQ(message.envelope.size, text.size() + std::string_view(kTrace).size());
  EXPECT_EQ(message.appended * storage::kChunkBytes + kept, message.envelope.size);
  EXPECT_EQ(message.envelope.chunk_count, message.appended + message.chunks.size());
  EXPECT_EQ(storage_.unclaimed_blobs(), 1U) << "until the queue claims it";
}

TEST_F(MessageReaderTest, ConvertedNewlinesStillMakeWholeChunks) {
  config_.bare_newline = smtp::BareNewline::convert;
  const Reading reading = read("\r\n\r\n" + std::string(600'000, '\n') + "\r\n.\r\n");
  ASSERT_FALSE(reading.error || reading.refusal);
  std::size_t kept = 0;
  for (const Bytes& chunk : reading.message.chunks) kept += chunk.size();
  EXPECT_EQ(reading.message.appended * storage::kChunkBytes + kept, reading.message.envelope.size);
  EXPECT_EQ(reading.message.envelope.size, std::string_view(kTrace).size() + 4 + 2 * 600'000 + 2);
}

TEST_F(MessageReaderTest, RefusedMessageLeavesNothingBehind) {
  const Reading reading = read(body(kMiB) + std::string("\0", 1) + "\r\n.\r\n");
  ASSERT_TRUE(reading.refusal);
  EXPECT_EQ(reading.refusal->code(), 554);
  EXPECT_EQ(storage_.unclaimed_blobs(), 0U);
}

struct LostCase {
  const char* name;
  std::string flaw;
};
class MessageReaderLost : public MessageReaderTest, public testing::WithParamInterface<LostCase> {};

/// What is sure to be refused goes to disk no more, and what had gone there is taken back at once.
TEST_P(MessageReaderLost, StoresNothingMore) {
  config_.hops_max = 30;
  const Reading reading = read(GetParam().flaw + body(2 * kMiB) + ".\r\n");
  ASSERT_TRUE(reading.refusal);
  EXPECT_EQ(reading.refusal->code(), 554);
  EXPECT_EQ(reading.unclaimed_at_verdict, 0U);
  const Reading late = read("\r\n" + body(kMiB) + std::string("\0\r\n", 3) + body(kMiB) + ".\r\n");
  EXPECT_TRUE(late.refusal);
  EXPECT_EQ(late.unclaimed_at_verdict, 0U);
  EXPECT_EQ(surroundings_.load->body_bytes, 0U);
}

std::string many_hops() {
  std::string hops;
  for (int i = 0; i < 31; ++i) hops += "Received: by host\r\n";
  return hops;
}

INSTANTIATE_TEST_SUITE_P(Flaws, MessageReaderLost,
                         testing::Values(LostCase{"bare_newline", "\r\na\nb\r\n"},
                                         LostCase{"nul", std::string("\r\n\0\r\n", 5)},
                                         LostCase{"long_line", "\r\n" + std::string(70'000, 'x')},
                                         LostCase{"long_header",
                                                  "X: " + std::string(60'000, 'x') +
                                                      "\r\nX: " + std::string(60'000, 'x') +
                                                      "\r\nX: " + std::string(60'000, 'x') +
                                                      "\r\nX: " + std::string(60'000, 'x') +
                                                      "\r\nX: " + std::string(60'000, 'x')},
                                         LostCase{"loop", many_hops()}),
                         [](const auto& test) { return std::string(test.param.name); });

/// A message may keep a megabyte, but not while all together have too much.
TEST_F(MessageReaderTest, BudgetOfAllMessagesSpillsEarly) {
  config_.memory_bytes_max = 2 * kMiB;
  config_.memory_bytes_total_max = 2 * kMiB;
  const std::string wire = body(kMiB) + ".\r\n";
  EXPECT_EQ(read(wire).message.appended, 0U);
  EXPECT_EQ(surroundings_.load->body_bytes, 0U) << "the queue's now";
  BodyShare others(surroundings_.load);
  others.set(2 * kMiB);
  EXPECT_EQ(read(wire).message.appended, 3U) << "all whole chunks";
  others.set(kMiB);
  EXPECT_EQ(read(wire).message.appended, 0U);
}

TEST_F(MessageReaderTest, BrokenOffMessageLeavesNothingBehind) {
  const Reading reading = read(body(kMiB) + "half a li");
  ASSERT_TRUE(reading.error);
  EXPECT_EQ(reading.error->fault(), Fault::unavailable);
  EXPECT_EQ(storage_.unclaimed_blobs(), 0U);
}

struct StorageCase {
  const char* name;
  Fault fault;
  const char* reply;
};
class MessageReaderStorage : public MessageReaderTest,
                             public testing::WithParamInterface<StorageCase> {};

/// Each append fails in turn; the message is read to its end and refused for now. What the storage
/// said is nobody's business but ours.
TEST_P(MessageReaderStorage, FailureIsToldAtTheEnd) {
  for (std::uint64_t fail_at = 0; fail_at < 4; ++fail_at) {
    storage_.fail_append(fail_at, GetParam().fault);
    const Reading reading = read(body(kMiB + 300'000) + ".\r\n");
    ASSERT_TRUE(reading.refusal) << fail_at;
    EXPECT_EQ(reading.refusal->render(), GetParam().reply);
    EXPECT_EQ(storage_.unclaimed_blobs(), 0U) << fail_at;
  }
  EXPECT_FALSE(read(body(kMiB) + ".\r\n").refusal) << "the next message is taken";
}

INSTANTIATE_TEST_SUITE_P(
    Faults, MessageReaderStorage,
    testing::Values(StorageCase{"full", Fault::overloaded,
                                "452 4.3.1 Insufficient system storage\r\n"},
                    StorageCase{"broken", Fault::unavailable,
                                "451 4.3.0 The message could not be stored; try again later\r\n"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(MessageReaderTest, TooLargeIsReadToItsEndAndRefused) {
  config_.message_bytes_max = kMiB;
  const Reading reading = read(body(kMiB + 1000) + ".\r\n");
  ASSERT_TRUE(reading.refusal);
  EXPECT_EQ(reading.refusal->code(), 552);
  EXPECT_EQ(storage_.unclaimed_blobs(), 0U);
}

TEST_F(MessageReaderTest, FarTooLargeIsGivenUp) {
  config_.message_bytes_max = kMiB;
  const Reading reading = read(body(2 * kMiB + 100'000) + ".\r\n");
  ASSERT_TRUE(reading.error);
  EXPECT_EQ(reading.error->fault(), Fault::overloaded);
}

TEST_F(MessageReaderTest, EightBitContentIsNotedWhateverWasDeclared) {
  const Reading reading = read("\r\n\xE4\r\n.\r\n");
  ASSERT_FALSE(reading.error || reading.refusal);
  EXPECT_EQ(reading.message.envelope.body, smtp::Body::eight_bit_mime);
}

}  // namespace
}  // namespace veredus::accept
