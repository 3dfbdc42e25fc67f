#include "main/torture/folder.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"
#include "main/config/load.h"
#include "main/torture/server.h"

namespace veredus::torture {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FolderTest : public testing::Test {
 protected:
  std::string path() const { return outer_.path() + "/run"; }

  io::TemporaryFolder outer_;
};

TEST_F(FolderTest, IsMadeAndRemoved) {
  auto folder = Folder::take(path());
  ASSERT_TRUE(folder) << folder.error().text();
  fs::create_directories(folder->storage() + "/db");
  folder->remove();
  EXPECT_FALSE(fs::exists(path()));
}

TEST_F(FolderTest, ThatWasThereIsEmptiedButStays) {
  fs::create_directory(path());
  auto folder = Folder::take(path());
  ASSERT_TRUE(folder);
  std::ofstream(folder->log()) << "x";
  folder->remove();
  EXPECT_TRUE(fs::is_empty(path()));
}

TEST_F(FolderTest, OfAFormerRunIsTakenAgainWithoutItsData) {
  {
    const auto former = Folder::take(path());
    ASSERT_TRUE(former);
    fs::create_directories(former->storage() + "/db");
  }
  const auto folder = Folder::take(path());
  ASSERT_TRUE(folder) << folder.error().text();
  EXPECT_FALSE(fs::exists(folder->storage()));
}

TEST_F(FolderTest, InUseIsRefused) {
  const auto first = Folder::take(path());
  const auto second = Folder::take(path());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text(), HasSubstr("another torture run"));
}

TEST_F(FolderTest, WithAnythingElseInItIsRefusedAndLeftAlone) {
  fs::create_directories(path() + "/storage");  // Ours by name, but no run of ours was here.
  ASSERT_FALSE(Folder::take(path()));
  EXPECT_TRUE(fs::exists(path() + "/storage"));
  std::ofstream(path() + "/veredus-torture") << "";
  std::ofstream(path() + "/letters.txt") << "x";
  const auto folder = Folder::take(path());
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().text(), HasSubstr("letters.txt"));
  EXPECT_TRUE(fs::exists(path() + "/storage"));
}

TEST_F(FolderTest, ThatIsAFileIsRefused) {
  std::ofstream(path()) << "x";
  EXPECT_FALSE(Folder::take(path()));
}

TEST_F(FolderTest, HasAConfigurationThatTheServerTakes) {
  const auto folder = Folder::take(outer_.path() + "/a \"quoted\\ name");
  ASSERT_TRUE(folder);
  const Places places{*io::Endpoint::parse("127.0.0.1:2600"),
                      *io::Endpoint::parse("127.0.0.1:2601")};
  const auto loaded = config::parse(configuration(*folder, places), "veredus.toml");
  ASSERT_TRUE(loaded) << loaded.error().text();
  EXPECT_EQ(loaded->config.storage.path, folder->storage());
  EXPECT_TRUE(loaded->config.storage.sync);
  EXPECT_EQ(loaded->config.listen.at(0).address, places.server);
  EXPECT_TRUE(config::warnings(loaded->config).empty());
}

}  // namespace
}  // namespace veredus::torture
