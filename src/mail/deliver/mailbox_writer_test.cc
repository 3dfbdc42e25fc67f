#include "mail/deliver/mailbox_writer.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/sim/world.h"

namespace veredus::deliver {
namespace {

const std::string kFolder = "/mail/you";

class MailboxWriterTest : public ::testing::Test {
 protected:
  ~MailboxWriterTest() override {
    for (const std::string& failure : world_.failures()) ADD_FAILURE() << failure;
  }

  static MaildirPlace place(const std::string& folder, std::size_t number) {
    return {folder, std::to_string(number), "To: us\r\n"};
  }

  struct Asked {
    std::vector<Bytes> chunks;
    std::optional<std::vector<Result<>>> results;
  };
  static io::Task<> ask(MailboxWriter& writer, std::vector<MaildirPlace> places, Asked& asked) {
    asked.results = co_await writer.write(std::move(places), asked.chunks);
  }
  void start(MailboxWriter& writer, std::vector<MaildirPlace> places, std::string body) {
    auto& asked = *asked_.emplace_back(std::make_unique<Asked>());
    asked.chunks.emplace_back(std::move(body));
    world_.spawn("test", ask(writer, std::move(places), asked));
  }
  /// Starts as many deliveries into one mailbox at the same moment.
  void start_many(MailboxWriter& writer, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      start(writer, {place(kFolder, i)}, "body " + std::to_string(i) + "\r\n");
  }
  void finish() {
    EXPECT_TRUE(world_.run_until([this] {
      return std::ranges::all_of(asked_, [](const auto& one) { return one->results.has_value(); });
    }));
  }
  const Result<>& result(std::size_t number) const { return asked_[number]->results->front(); }

  sim::SimFiles& files() { return world_.server().files(); }
  std::string mail(const std::string& folder, std::size_t number) {
    return files().read(folder + "/new/" + std::to_string(number)).value_or("");
  }
  static std::string wanted(std::size_t number) {
    return "To: us\nbody " + std::to_string(number) + "\n";
  }

  sim::World world_{7};
  const io::System system_ = world_.system();
  std::vector<std::unique_ptr<Asked>> asked_;
};

TEST_F(MailboxWriterTest, WhatComesAtTheSameTimeSharesTheFlushOfItsFolder) {
  MailboxWriter writer(system_);
  ASSERT_TRUE(files().make_directories(kFolder + "/tmp"));
  ASSERT_TRUE(files().make_directories(kFolder + "/new"));
  const std::uint64_t before = files().calls();
  start_many(writer, kMaildirFilesMax);
  finish();
  // Each: create, write, sync, publish. Then the folder.
  EXPECT_EQ(files().calls() - before, 4 * kMaildirFilesMax + 1);
  files().lose_unsynced();
  for (std::size_t i = 0; i < kMaildirFilesMax; ++i) {
    EXPECT_TRUE(result(i));
    EXPECT_EQ(mail(kFolder, i), wanted(i));
  }
}

TEST_F(MailboxWriterTest, MoreThanCanBeTogetherIsAllWritten) {
  MailboxWriter writer(system_);
  start_many(writer, 20 * kMaildirFilesMax);
  finish();
  files().lose_unsynced();
  for (std::size_t i = 0; i < asked_.size(); ++i) {
    EXPECT_TRUE(result(i));
    EXPECT_EQ(mail(kFolder, i), wanted(i));
  }
}

TEST_F(MailboxWriterTest, LargeMessagesAreNotKeptForEachOther) {
  MailboxWriter writer(system_);
  for (std::size_t i = 0; i < 3; ++i)
    start(writer, {place(kFolder, i)}, std::string(MailboxWriter::kOctetsTogetherMax, 'x'));
  finish();
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(mail(kFolder, i).size(), MailboxWriter::kOctetsTogetherMax + 7);
}

TEST_F(MailboxWriterTest, ResultsAreInTheOrderOfThePlaces) {
  MailboxWriter writer(system_);
  ASSERT_TRUE(files().make_directories("/mail"));
  ASSERT_TRUE(files().create("/mail/file"));  // Where a folder would have to be.
  std::vector<MaildirPlace> places;
  for (std::size_t i = 0; i < 3 * kMaildirFilesMax; ++i)
    places.push_back(place(i % 5 == 3 ? "/mail/file" : "/mail/box" + std::to_string(i % 2), i));
  start(writer, places, "body\r\n");
  finish();
  const auto& results = *asked_.front()->results;
  ASSERT_EQ(results.size(), places.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].has_value(), i % 5 != 3) << i;
    if (results[i]) EXPECT_EQ(mail(places[i].folder, i), "To: us\nbody\n");
  }
}

TEST_F(MailboxWriterTest, NoPlacesNoResults) {
  MailboxWriter writer(system_);
  start(writer, {}, "body\r\n");
  finish();
  EXPECT_TRUE(asked_.front()->results->empty());
}

// Methodology: fail one more call each time until none is left. A failure is that of one message,
// or, when it is the folder's flush that fails, of all that were shown in it.
TEST(MailboxWriterFaults, AFaultOfOneIsNotThatOfTheOthersAndWhatSucceededIsSafe) {
  constexpr std::size_t kCount = 4;
  for (std::uint64_t nth = 0;; ++nth) {
    SCOPED_TRACE(nth);
    ASSERT_LT(nth, 100U) << "the loop must end";
    sim::SimFiles files(nth, {});
    ASSERT_TRUE(files.make_directories(kFolder + "/tmp"));
    ASSERT_TRUE(files.make_directories(kFolder + "/new"));
    const std::vector<Bytes> chunks{Bytes("body\r\n")};
    std::vector<MaildirCopy> copies;
    for (std::size_t i = 0; i < kCount; ++i)
      copies.push_back({{kFolder, std::to_string(i), ""}, &chunks});
    std::vector<MaildirCopy*> all;
    for (MaildirCopy& copy : copies) all.push_back(&copy);
    files.fail_call(nth);
    write_maildirs(files, all);
    if (files.failures() == 0) break;
    const bool was_of_the_folder = nth == 4 * kCount;
    const auto failed = std::ranges::count_if(
        copies, [](const MaildirCopy& copy) { return !copy.written.has_value(); });
    // None when a step failed that is tried again: see with_maildir() in maildir.cc.
    EXPECT_LE(failed, was_of_the_folder ? 4 : 1);
    if (was_of_the_folder) EXPECT_EQ(failed, 4);
    EXPECT_TRUE(files.list(kFolder + "/tmp")->empty());
    files.lose_unsynced();
    for (const MaildirCopy& copy : copies)
      if (copy.written)
        EXPECT_EQ(files.read(kFolder + "/new/" + copy.place.name).value_or(""), "body\n");
  }
}

/// Throws at one call, once: 0 is the first.
class BrokenFiles : public io::Files {
 public:
  BrokenFiles(io::Files& files, int nth) : files_(files), left_(nth) {}
  bool has_thrown() const { return left_ < 0; }
  Result<std::unique_ptr<io::File>> create(const std::string& path) override {
    return files_.create(path);
  }
  Result<std::unique_ptr<io::File>> create_draft(const std::string& path) override {
    step();
    return files_.create_draft(path);
  }
  Result<> rename(const std::string& from, const std::string& to) override {
    return files_.rename(from, to);
  }
  Result<> remove(const std::string& path) override { return files_.remove(path); }
  Result<> make_directories(const std::string& path) override {
    return files_.make_directories(path);
  }
  Result<> sync_directory(const std::string& path) override {
    step();
    return files_.sync_directory(path);
  }
  Result<std::vector<std::string>> list(const std::string& path) override {
    return files_.list(path);
  }
  Result<std::string> read(const std::string& path) override { return files_.read(path); }
  Result<std::uint64_t> octets_below(const std::string& path) override {
    return files_.octets_below(path);
  }

 private:
  void step() {
    if (left_-- == 0) throw std::runtime_error("a bug");
  }

  io::Files& files_;
  int left_;
};

TEST_F(MailboxWriterTest, ABugLeavesNobodyWaitingAndNothingThatIsNotThereIsDelivered) {
  for (int nth = 0;; ++nth) {
    SCOPED_TRACE(nth);
    asked_.clear();
    BrokenFiles broken(system_.files, nth);
    const io::System system{system_.clock,   system_.random, system_.network, system_.resolver,
                            system_.workers, broken,         system_.reactors};
    MailboxWriter writer(system);
    start_many(writer, 2 * kMaildirFilesMax);
    finish();
    if (!broken.has_thrown()) break;
    files().lose_unsynced();
    for (std::size_t i = 0; i < asked_.size(); ++i)
      if (result(i)) EXPECT_EQ(mail(kFolder, i), wanted(i));
    EXPECT_TRUE(
        std::ranges::any_of(asked_, [](const auto& one) { return !one->results->front(); }));
    for (std::size_t i = 0; i < asked_.size(); ++i)
      static_cast<void>(files().remove(kFolder + "/new/" + std::to_string(i)));
  }
}

}  // namespace
}  // namespace veredus::deliver
