#include "io/sim/files.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace veredus::sim {
namespace {

using Names = std::vector<std::string>;

std::string read(SimFiles& files, const std::string& path) {
  const auto octets = files.read(path);
  return octets ? *octets : "[" + octets.error().text() + "]";
}

TEST(Files, BehaveAsAFileSystem) {
  SimFiles files(1, {});
  EXPECT_EQ(files.create("mail/tmp/1").error().fault(), Fault::unavailable) << "no directory";
  ASSERT_TRUE(files.make_directories("mail/tmp"));
  ASSERT_TRUE(files.make_directories("/mail/new/"));
  auto file = files.create("mail/tmp/1");
  ASSERT_TRUE(file);
  EXPECT_TRUE((*file)->write("hello "));
  EXPECT_TRUE((*file)->write("world"));
  EXPECT_TRUE((*file)->sync());
  EXPECT_FALSE(files.create("./mail/tmp/1")) << "it exists";
  EXPECT_TRUE(files.rename("mail/tmp/1", "mail/new/1"));
  EXPECT_EQ(read(files, "/mail/new/1"), "hello world");
  EXPECT_EQ(read(files, "mail/tmp/1"), "[cannot read mail/tmp/1: no such file]");
  EXPECT_EQ(files.list("mail").value(), (Names{"new", "tmp"}));
  EXPECT_EQ(files.list("mail/new").value(), (Names{"1"}));
  EXPECT_FALSE(files.rename("mail/tmp/1", "mail/new/2"));
  EXPECT_TRUE(files.remove("mail/new/1"));
  EXPECT_TRUE(files.remove("mail/new/1")) << "no error when there is none";
  EXPECT_EQ(files.list("mail/new").value(), Names());
  EXPECT_FALSE(files.list("mail/cur"));
}

/// Delivers as Maildir asks, as far as `steps` goes.
void deliver(SimFiles& files, int steps) {
  ASSERT_TRUE(files.make_directories("tmp"));
  ASSERT_TRUE(files.make_directories("new"));
  auto file = files.create("tmp/1");
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->write("0123456789"));
  if (steps >= 1) {
    ASSERT_TRUE((*file)->sync());
  }
  ASSERT_TRUE(files.rename("tmp/1", "new/1"));
  if (steps >= 2) {
    ASSERT_TRUE(files.sync_directory("new"));
  }
}

/// All that can be found in new/1 after a crash, over many seeds.
std::set<std::string> outcomes(int steps) {
  std::set<std::string> found;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SimFiles files(seed, {});
    deliver(files, steps);
    files.lose_unsynced();
    found.insert(files.list("new")->empty() ? "lost" : read(files, "new/1"));
  }
  return found;
}

TEST(Files, OnlyWhatWasSyncedSurvivesForSure) {
  const std::set<std::string> nothing_synced = outcomes(0);
  EXPECT_TRUE(nothing_synced.contains("lost"));
  EXPECT_TRUE(nothing_synced.contains("0123456789"));
  EXPECT_TRUE(nothing_synced.contains("")) << "the name without the data";
  EXPECT_TRUE(nothing_synced.contains("01234")) << "torn";
  EXPECT_TRUE(nothing_synced.contains(std::string("01234") + std::string(5, '\0')));
  EXPECT_EQ(outcomes(1), (std::set<std::string>{"0123456789", "lost"}));
  EXPECT_EQ(outcomes(2), (std::set<std::string>{"0123456789"}));
}

TEST(Files, ARemovalNotSyncedMayBeUndone) {
  std::set<std::size_t> left;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SimFiles files(seed, {});
    deliver(files, 2);
    ASSERT_TRUE(files.remove("new/1"));
    files.lose_unsynced();
    left.insert(files.list("new")->size());
  }
  EXPECT_EQ(left, (std::set<std::size_t>{0, 1}));
}

TEST(Files, AnOpenFileDoesNotOutliveACrash) {
  SimFiles files(1, {});
  auto file = files.create("a");
  ASSERT_TRUE(file);
  files.lose_unsynced();
  EXPECT_FALSE((*file)->write("ghost"));
  EXPECT_FALSE((*file)->sync());
}

TEST(Files, AnyCallCanBeMadeToFail) {
  // create, write, sync, rename, sync_directory: each fails once, and the next run goes further.
  for (std::uint64_t nth = 0; nth < 5; ++nth) {
    SCOPED_TRACE(nth);
    SimFiles files(1, {});
    ASSERT_TRUE(files.make_directories("new"));
    files.fail_call(nth);
    auto file = files.create("1");
    ASSERT_EQ(bool(file), nth != 0);
    if (!file) continue;
    EXPECT_EQ(bool((*file)->write("x")), nth != 1);
    EXPECT_EQ(bool((*file)->sync()), nth != 2);
    EXPECT_EQ(bool(files.rename("1", "new/1")), nth != 3);
    EXPECT_EQ(bool(files.sync_directory("new")), nth != 4);
    EXPECT_EQ(files.failures(), 1U);
  }
}

TEST(Files, AFailedSyncIsNotRepairedByTheNext) {
  std::set<std::string> found;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SimFiles files(seed, {});
    auto file = files.create("a");
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->write("data"));
    files.fail_call(0);
    EXPECT_FALSE((*file)->sync());
    EXPECT_TRUE((*file)->sync()) << "says yes";
    ASSERT_TRUE(files.sync_directory("/"));
    files.lose_unsynced();
    found.insert(read(files, "a"));
  }
  EXPECT_GT(found.size(), 1U) << "and lies";
}

TEST(Files, AFullDiskIsOverloaded) {
  SimFiles files(1, {.octets_max = 10});
  auto file = files.create("a");
  ASSERT_TRUE(file);
  EXPECT_TRUE((*file)->write("0123456789"));
  const auto full = (*file)->write("x");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().fault(), Fault::overloaded);
  ASSERT_TRUE(files.remove("a"));
  auto next = files.create("b");
  ASSERT_TRUE(next);
  EXPECT_TRUE((*next)->write("x"));
}

TEST(Files, FailAtRandomAsOftenAsAsked) {
  SimFiles files(1, {.failure = 0.25});
  int failed = 0;
  for (int i = 0; i < 400; ++i) failed += files.list("/") ? 0 : 1;
  EXPECT_NEAR(failed, 100, 30);
}

}  // namespace
}  // namespace veredus::sim
