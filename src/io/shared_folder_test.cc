#include "io/shared_folder.h"

#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/kernel_random.h"
#include "io/temporary_folder.h"

namespace veredus::io {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMax = 1000;

class SharedFolderTest : public testing::Test {
 protected:
  SharedFolderTest() {
    auto opened = SharedFolder::open(path());
    if (!opened) throw std::runtime_error(opened.error().text());
    folder_.emplace(std::move(*opened));
  }
  std::string path() const { return temporary_.path() + "/spool/drop"; }
  std::string path(const std::string& name) const { return path() + '/' + name; }
  void put(const std::string& octets, std::int64_t seconds = 1) {
    const auto time = WallTime(std::chrono::seconds(seconds));
    const Result<> put = deposit(path(), octets, time, random_);
    ASSERT_TRUE(put) << put.error().text();
  }
  void write(const std::string& name, const std::string& octets) const {
    std::ofstream(path(name)) << octets;
  }
  std::vector<std::string> names() const { return *folder_->names(kMax); }
  /// "" when it is read, else why not.
  std::string refusal(const std::string& name) const {
    const auto read = folder_->read(name, kMax);
    if (read) return "";
    EXPECT_EQ(read.error().fault(), Fault::refused);
    return read.error().text();
  }

  TemporaryFolder temporary_;
  KernelRandom random_;
  std::optional<SharedFolder> folder_;
};

TEST_F(SharedFolderTest, IsForAllToWriteAndForUsToList) {
  struct stat status{};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 01733U);
  ASSERT_EQ(::stat((temporary_.path() + "/spool").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0755U);
  ASSERT_EQ(::stat(path("bad").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
  EXPECT_TRUE(SharedFolder::open(path()));
}

TEST_F(SharedFolderTest, GivesWhatWasPutInOrder) {
  put("second", 2);
  put("first", 1);
  put("third", 3);
  ASSERT_EQ(names().size(), 3U);
  const auto first = folder_->read(names()[0], kMax);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->octets, "first");
  EXPECT_EQ(first->owner, ::geteuid());
  EXPECT_TRUE(folder_->remove(names()[0]));
  EXPECT_TRUE(folder_->remove("gone"));
  EXPECT_EQ(folder_->read(names()[0], kMax)->octets, "second");
  EXPECT_EQ(folder_->names(1)->size(), 1U);
}

TEST_F(SharedFolderTest, PutsNothingWhereThereIsNoFolder) {
  const Result<> put = deposit(path("none"), "x", WallTime(), random_);
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().fault(), Fault::unavailable);
  EXPECT_TRUE(names().empty());
}

TEST_F(SharedFolderTest, RefusesWhatIsNoDeposit) {
  write("secret", "s");
  ASSERT_EQ(::symlink(path("secret").c_str(), path("link").c_str()), 0);
  ASSERT_EQ(::symlink("/nowhere", path("dangling").c_str()), 0);
  ::mkfifo(path("pipe").c_str(), 0644);
  ::mkdir(path("folder").c_str(), 0755);
  EXPECT_EQ(refusal("link"), "it is a symbolic link");
  EXPECT_EQ(refusal("dangling"), "it is a symbolic link");
  EXPECT_EQ(refusal("pipe"), "it is no regular file");
  EXPECT_EQ(refusal("folder"), "it is no regular file");
  EXPECT_EQ(refusal("secret"), "");
  ASSERT_EQ(::link(path("secret").c_str(), (temporary_.path() + "/second").c_str()), 0);
  EXPECT_EQ(refusal("secret"), "it has another name elsewhere");
  write("large", std::string(kMax + 1, 'x'));
  EXPECT_EQ(refusal("large"), "it is larger than 1000 octets");
  write("exact", std::string(kMax, 'x'));
  EXPECT_EQ(refusal("exact"), "");
}

TEST_F(SharedFolderTest, PutsAsideWhateverItIs) {
  write("file", "x");
  ASSERT_EQ(::symlink("/etc/passwd", path("link").c_str()), 0);
  ::mkfifo(path("pipe").c_str(), 0644);
  ::mkdir(path("folder").c_str(), 0755);
  for (const char* name : {"file", "link", "pipe", "folder"})
    EXPECT_TRUE(folder_->set_aside(name)) << name;
  EXPECT_TRUE(names().empty());
  EXPECT_TRUE(fs::is_symlink(path("bad/link")));
}

TEST_F(SharedFolderTest, HidesAndLaterRemovesWhatIsNotFinished) {
  write(".begun", "x");
  EXPECT_TRUE(names().empty());
  EXPECT_TRUE(folder_->remove_unfinished(std::chrono::system_clock::now() - std::chrono::hours(1)));
  EXPECT_TRUE(fs::exists(path(".begun")));
  EXPECT_TRUE(folder_->remove_unfinished(std::chrono::system_clock::now() + std::chrono::hours(1)));
  EXPECT_FALSE(fs::exists(path(".begun")));
}

TEST_F(SharedFolderTest, IsNotOpenedThroughALink) {
  ASSERT_EQ(::symlink(path().c_str(), (temporary_.path() + "/alias").c_str()), 0);
  EXPECT_FALSE(SharedFolder::open(temporary_.path() + "/alias"));
}

}  // namespace
}  // namespace veredus::io
