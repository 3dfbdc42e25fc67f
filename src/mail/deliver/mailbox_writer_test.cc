#include "mail/deliver/mailbox_writer.h"

#include <algorithm>
#include <functional>
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

/// A file of WatchedFiles.
class WatchedFile : public io::File {
 public:
  using Hook = std::function<void(std::string_view call)>;

  WatchedFile(std::unique_ptr<io::File> file, const Hook& hook)
      : file_(std::move(file)), hook_(hook) {}
  ~WatchedFile() override { hook_("close"); }

  Result<> write(std::string_view octets) override {
    hook_("write");
    return file_->write(octets);
  }
  void begin_sync() override { hook_("begin_sync"); }
  Result<> sync() override {
    hook_("sync");
    return file_->sync();
  }
  Result<> publish(const std::string& path) override {
    hook_("publish");
    return file_->publish(path);
  }

 private:
  std::unique_ptr<io::File> file_;
  const Hook& hook_;
};

/// Tells of each call before it is made; what the hook throws at keeps it from being made.
class WatchedFiles : public io::Files {
 public:
  WatchedFiles(io::Files& files, WatchedFile::Hook hook) : files_(files), hook_(std::move(hook)) {}

  Result<std::unique_ptr<io::File>> create(const std::string& path) override {
    return files_.create(path);
  }
  Result<std::unique_ptr<io::File>> create_draft(const std::string& path) override {
    hook_("create");
    auto file = files_.create_draft(path);
    if (!file) return fail(file.error());
    return std::make_unique<WatchedFile>(std::move(*file), hook_);
  }
  Result<> rename(const std::string& from, const std::string& to) override {
    return files_.rename(from, to);
  }
  Result<> remove(const std::string& path) override { return files_.remove(path); }
  Result<> make_directories(const std::string& path) override {
    return files_.make_directories(path);
  }
  Result<> sync_directory(const std::string& path) override {
    hook_("sync_directory");
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
  io::Files& files_;
  WatchedFile::Hook hook_;
};

/// Files that were open at the same time, and syncs that were begun ahead.
struct Seen {
  void note(std::string_view call) {
    if (call == "create") open_max = std::max(open_max, ++open);
    if (call == "close") --open;
    if (call == "begin_sync") ++begun;
    if (call == "sync" && begun_at_first_sync == 0) begun_at_first_sync = begun;
  }
  std::size_t open = 0;
  std::size_t open_max = 0;
  std::size_t begun = 0;
  std::size_t begun_at_first_sync = 0;
};

/// No thread can be had while it is broken.
class BreakableWorkers : public io::Workers {
 public:
  explicit BreakableWorkers(io::Workers& workers) : workers_(workers) {}
  bool is_broken = false;

  io::Task<> run(std::move_only_function<void()> job) override {
    return workers_.run(std::move(job));
  }
  void start(std::move_only_function<void()> job) override {
    if (is_broken) throw std::runtime_error("no thread");
    workers_.start(std::move(job));
  }

 private:
  io::Workers& workers_;
};

class MailboxWriterTest : public ::testing::Test {
 protected:
  MailboxWriterTest() {
    EXPECT_TRUE(files().make_directories(kFolder + "/tmp"));
    EXPECT_TRUE(files().make_directories(kFolder + "/new"));
  }
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
    try {
      asked.results = co_await writer.write(std::move(places), asked.chunks);
    } catch (const std::runtime_error&) {
      asked.results.emplace(1, fail(Fault::unavailable, "thrown"));
    }
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

  io::System with(io::Files& files) const {
    return {system_.clock,   system_.random, system_.network, system_.resolver,
            system_.workers, files,          system_.reactors};
  }
  io::System with(io::Workers& workers) const {
    return {system_.clock, system_.random, system_.network, system_.resolver,
            workers,       system_.files,  system_.reactors};
  }

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
  Seen seen;
  WatchedFiles watched(system_.files, [&seen](std::string_view call) { seen.note(call); });
  const io::System system = with(watched);
  MailboxWriter writer(system);
  for (std::size_t i = 0; i < 3; ++i)
    start(writer, {place(kFolder, i)}, std::string(MailboxWriter::kOctetsTogetherMax, 'x'));
  finish();
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(mail(kFolder, i).size(), MailboxWriter::kOctetsTogetherMax + 7);
  EXPECT_EQ(seen.open_max, 1U);
}

TEST_F(MailboxWriterTest, AllFilesOfAGroupAreOnTheirWayBeforeTheFirstIsWaitedFor) {
  for (const std::size_t count : {std::size_t{1}, std::size_t{2}, kMaildirFilesMax}) {
    SCOPED_TRACE(count);
    Seen seen;
    WatchedFiles watched(system_.files, [&seen](std::string_view call) { seen.note(call); });
    const io::System system = with(watched);
    MailboxWriter writer(system);
    asked_.clear();
    start_many(writer, count);
    finish();
    EXPECT_EQ(seen.begun_at_first_sync, count == 1 ? 0 : count);
    EXPECT_EQ(seen.open_max, count);
  }
}

TEST_F(MailboxWriterTest, NoMoreFilesAreOpenThanMayBe) {
  Seen seen;
  WatchedFiles watched(system_.files, [&seen](std::string_view call) { seen.note(call); });
  const io::System system = with(watched);
  MailboxWriter writer(system);
  std::vector<MaildirPlace> places;
  for (std::size_t i = 0; i < 3 * kMaildirFilesMax + 1; ++i) places.push_back(place(kFolder, i));
  start(writer, std::move(places), "body\r\n");
  finish();
  EXPECT_EQ(seen.open_max, kMaildirFilesMax);
  EXPECT_EQ(files().list(kFolder + "/new")->size(), 3 * kMaildirFilesMax + 1);
}

TEST_F(MailboxWriterTest, WithoutAThreadTheCallerIsToldAndNoWriterIsCounted) {
  BreakableWorkers workers(system_.workers);
  const io::System system = with(workers);
  MailboxWriter writer(system);
  workers.is_broken = true;
  for (unsigned i = 0; i < 2 * MailboxWriter::kWritersMax; ++i) {
    start_many(writer, 1);
    finish();
    EXPECT_FALSE(asked_.back()->results->front());
  }
  workers.is_broken = false;
  start_many(writer, 1);
  finish();
  EXPECT_TRUE(asked_.back()->results->front());
}

TEST(MailboxWriterRule, AFewWriteAndMoreWhenThereIsEnoughOrItTakesTooLong) {
  constexpr Duration kNow{};
  constexpr Duration kLong = MailboxWriter::kWaitMax + std::chrono::milliseconds(1);
  struct Case {
    unsigned others;
    std::size_t waiting;
    Duration waited;
    bool is_worth;
  };
  for (const Case& one :
       {Case{0, 1, kNow, true}, Case{3, 1, kNow, true}, Case{4, 1, kNow, false},
        Case{4, 4, kNow, false}, Case{4, 5, kNow, true}, Case{4, 1, kLong, true},
        Case{11, 11, kNow, false}, Case{11, 12, kNow, true}, Case{12, 60, kLong, false}}) {
    SCOPED_TRACE(std::to_string(one.others) + " " + std::to_string(one.waiting));
    EXPECT_EQ(MailboxWriter::is_worth(one.others, one.waiting, one.waited), one.is_worth);
  }
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

TEST_F(MailboxWriterTest, ABugLeavesNobodyWaitingAndNothingThatIsNotThereIsDelivered) {
  for (int nth = 0;; ++nth) {
    SCOPED_TRACE(nth);
    asked_.clear();
    int left = nth;
    WatchedFiles watched(system_.files, [&left](std::string_view call) {
      if (call != "close" && call != "begin_sync" && left-- == 0) throw std::runtime_error("a bug");
    });
    const io::System system = with(watched);
    MailboxWriter writer(system);
    start_many(writer, 2 * kMaildirFilesMax);
    finish();
    const bool has_thrown = left < 0;
    if (!has_thrown) break;
    files().lose_unsynced();
    std::size_t delivered = 0;
    for (std::size_t i = 0; i < asked_.size(); ++i) {
      if (!result(i)) continue;
      ++delivered;
      EXPECT_EQ(mail(kFolder, i), wanted(i));
    }
    // That of one, or of all in the folder.
    EXPECT_TRUE(delivered == asked_.size() - 1 || delivered == asked_.size() - kMaildirFilesMax)
        << delivered;
    for (std::size_t i = 0; i < asked_.size(); ++i)
      static_cast<void>(files().remove(kFolder + "/new/" + std::to_string(i)));
  }
}

}  // namespace
}  // namespace veredus::deliver
