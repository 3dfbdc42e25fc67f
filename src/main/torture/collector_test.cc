#include "main/torture/collector.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "io/production.h"
#include "io/temporary_folder.h"
#include "io/wait_for.h"

namespace veredus::torture {
namespace {

constexpr std::string_view kAddress = "ann@local.example";

class CollectorTest : public testing::Test {
 protected:
  CollectorTest()
      : production_(std::move(*io::Production::make({.reactors = 1, .workers = 1, .dns = {}}))),
        collector_(production_->system(), {{std::string(kAddress), mailbox()}}, books_) {
    std::filesystem::create_directories(mailbox() + "/new");
  }
  ~CollectorTest() override {
    production_->stop();
    production_->clear();
  }
  std::string mailbox() const { return folder_.path() + "/ann"; }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(mailbox() + "/new/" + name, std::ios::binary) << text;
  }
  /// The next mail that is for the mailbox.
  Mail next() {
    for (;;) {
      Mail mail = books_.maker.make(books_.ledger.begin());
      if (mail.recipients.front() == kAddress) return mail;
    }
  }
  /// Until the collector says that nothing is left.
  void run() {
    collector_.look_again();
    collector_.start();
    while (!io::wait_for(*production_->system().reactors.front(), is_done(collector_)))
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  static io::Task<bool> is_done(const Collector& collector) { co_return collector.found_nothing(); }

  io::TemporaryFolder folder_;
  std::unique_ptr<io::Production> production_;
  Books books_{MailMaker(1), folder_.path() + "/evidence"};
  Collector collector_;
};

TEST_F(CollectorTest, TakesEverythingOutAndSaysWhatItWas) {
  const std::string good = next().text;
  std::string bad = next().text;
  bad.back() = 'x';
  put("1", good);
  put("2", bad);
  put("3", "Subject: bounce\n\n");
  run();
  const Counts& counts = books_.ledger.counts();
  EXPECT_EQ(counts.strangers, 1U);
  EXPECT_EQ(counts.arrived, 1U);
  EXPECT_EQ(counts.changed, 1U);
  EXPECT_TRUE(std::filesystem::is_empty(mailbox() + "/new"));
  EXPECT_EQ(books_.arrivals, 3U);
}

TEST_F(CollectorTest, ComesToAnEndWithManyMails) {
  for (int i = 0; i < 500; ++i) put(std::to_string(i), next().text);
  run();
  EXPECT_EQ(books_.ledger.counts().arrived, 500U);
}

/// Whatever they are called: the copy that was delivered before the kill is the one in doubt.
TEST_F(CollectorTest, OfTwoCopiesTheOneThatWasWrittenFirstIsBookedFirst) {
  using std::chrono::seconds;
  const auto now = std::filesystem::file_time_type::clock::now();
  for (int i = 0; i < 20; ++i) {
    const std::string text = next().text;
    for (const int age : {50, 10}) {  // In seconds; the kill was 49 seconds ago.
      const std::string name = std::to_string(i) + (i % 2 == 0 ? "a" : "b") + std::to_string(age);
      put(name, text);
      std::filesystem::last_write_time(mailbox() + "/new/" + name, now - seconds(age));
    }
  }
  const SteadyTime steady = production_->system().clock.now();
  books_.server_killed(steady - seconds(49));
  books_.server_restarted(steady - seconds(48));
  run();
  EXPECT_EQ(books_.ledger.counts().doubled_after_kill, 20U);
  EXPECT_EQ(books_.ledger.counts().doubled, 0U);
}

TEST_F(CollectorTest, AMailboxThatIsNotThereIsEmpty) {
  std::filesystem::remove_all(mailbox());
  run();
  EXPECT_EQ(books_.arrivals, 0U);
}

}  // namespace
}  // namespace veredus::torture
