#include "mail/trace/event.h"

#include <string>

#include <gtest/gtest.h>

#include "base/tlv.h"
#include "io/sim/world.h"
#include "mail/trace/reader.h"
#include "mail/trace/record.h"
#include "storage/memory/memory_storage.h"

namespace veredus::trace {
namespace {

Event attempt() {
  return {.kind = Kind::attempt,
          .at = WallTime(std::chrono::microseconds(1'700'000'000'123'456)),
          .recipients = {"a@x.example", "b@x.example"},
          .state = "deferred",
          .attempt = 3,
          .destination = "mx:x.example",
          .passed_over = "mx1 [192.0.2.1:25]: 4.4.1 connection refused",
          .remote = "mx2 [192.0.2.2:25]",
          .tls = "TLSv1.3",
          .reply = "451 4.7.1 later",
          .duration = std::chrono::milliseconds(12),
          .next_attempt = WallTime(std::chrono::seconds(1'700'000'100))};
}

TEST(Event, IsReadAsItWasWritten) {
  const Event accepted{.kind = Kind::accepted,
                       .recipients = {"a@x.example"},
                       .sender = "me@y.example",
                       .client = "192.0.2.7:4711",
                       .helo = "y.example",
                       .protocol = "ESMTP",
                       .account = "me",
                       .message_id = "<1@y.example>",
                       .size = 4096};
  const auto read = decode(encode({accepted, attempt()}));
  ASSERT_TRUE(read) << read.error().text();
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[0].message_id, "<1@y.example>");
  EXPECT_EQ((*read)[0].size, 4096U);
  const Event& second = (*read)[1];
  EXPECT_EQ(second.at, attempt().at);
  EXPECT_EQ(second.recipients, attempt().recipients);
  EXPECT_EQ(second.passed_over, attempt().passed_over);
  EXPECT_EQ(second.reply, attempt().reply);
  EXPECT_EQ(second.duration, attempt().duration);
  EXPECT_EQ(second.next_attempt, attempt().next_attempt);
}

TEST(Event, FieldsOfANewerFormatAreSkipped) {
  std::string octets = encode({attempt()});
  FieldWriter fields(octets);
  fields.record(200, "later");
  const auto read = decode(octets);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->size(), 1U);
}

TEST(Event, DamageIsAnError) {
  const std::string octets = encode({attempt()});
  EXPECT_FALSE(decode(""));
  EXPECT_FALSE(decode("\x02"));
  for (std::size_t length = 2; length < octets.size(); ++length)
    EXPECT_FALSE(decode(std::string_view(octets).substr(0, length))) << length;
}

class Stories : public testing::Test {
 protected:
  void put(QueueId id, std::vector<Event> events) {
    storage::Batch batch;
    recorder_.put(batch, id, events, world_.time().wall());
    world_.spawn("put", keep(storage_, std::move(batch)));
    world_.run_for(std::chrono::seconds(1));
  }
  static io::Task<> keep(storage::Storage& storage, storage::Batch batch) {
    const Result<> kept = co_await storage.commit(std::move(batch));
    EXPECT_TRUE(kept);
  }
  static io::Task<> read_all(storage::Meta& meta, std::size_t limit, std::vector<Story>& into) {
    Reader reader(meta, QueueId{});
    for (;;) {
      auto page = co_await reader.next(limit);
      EXPECT_TRUE(page);
      if (!page || page->empty()) co_return;
      EXPECT_LE(page->size(), limit);
      for (Story& story : *page) into.push_back(std::move(story));
    }
  }

  sim::World world_{1};
  storage::MemoryStorage storage_{world_.system().clock, {}};
  Recorder recorder_;
};

TEST_F(Stories, AreReadWholeWhateverThePage) {
  for (std::uint64_t id = 1; id <= 1500; ++id) put(QueueId{id}, {attempt()});
  put(QueueId{700}, {attempt(), attempt()});
  for (const std::size_t limit : {1U, 7U, 999U, 1000U, 5000U}) {
    std::vector<Story> stories;
    world_.spawn("read", read_all(storage_, limit, stories));
    world_.run_for(std::chrono::minutes(1));
    ASSERT_EQ(stories.size(), 1500U);
    EXPECT_EQ(stories[699].events.size(), 3U);
  }
}

TEST(Story, IsAboutWhoSentItAndWhoItWasFor) {
  Story story;
  story.events.push_back({.kind = Kind::accepted,
                          .recipients = {"bob@x.example"},
                          .sender = "al@y.example",
                          .message_id = "<1@y.example>"});
  EXPECT_TRUE(story.is_about("BOB@x.example"));
  EXPECT_TRUE(story.is_about("<al@y.example>"));
  EXPECT_TRUE(story.is_about("1@y.example"));
  EXPECT_TRUE(story.is_about("<1@y.example>"));
  EXPECT_FALSE(story.is_about("y.example"));
}

}  // namespace
}  // namespace veredus::trace
