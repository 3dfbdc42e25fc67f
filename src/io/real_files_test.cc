#include "io/real_files.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/test_support.h"

namespace veredus::io {
namespace {

class RealFilesTest : public testing::Test {
 protected:
  std::string in(const std::string& name) const { return folder_.path() + "/" + name; }

  TemporaryFolder folder_;
  RealFiles files_;
};

TEST_F(RealFilesTest, ADraftIsSeenWhenItIsPublishedAndTakesTheNameOver) {
  ASSERT_TRUE(files_.make_directories(in("tmp")));
  ASSERT_TRUE(files_.make_directories(in("new")));
  for (const std::string text : {"first", "second"}) {
    auto draft = files_.create_draft(in("tmp/1"));
    ASSERT_TRUE(draft) << draft.error().text();
    ASSERT_TRUE((*draft)->write(text));
    ASSERT_TRUE((*draft)->sync());
    EXPECT_TRUE(files_.list(in("tmp"))->empty());
    const Result<> published = (*draft)->publish(in("new/1"));
    ASSERT_TRUE(published) << published.error().text();
    EXPECT_EQ(files_.read(in("new/1")), text);
    EXPECT_TRUE(files_.list(in("tmp"))->empty());
  }
  EXPECT_EQ(files_.list(in("new"))->size(), 1U);
  ASSERT_TRUE(files_.create_draft(in("tmp/2"))) << "and not published";
  EXPECT_TRUE(files_.list(in("tmp"))->empty());
}

TEST_F(RealFilesTest, ADraftInAFolderThatIsNotThereIsRefused) {
  const auto draft = files_.create_draft(in("none/1"));
  ASSERT_FALSE(draft);
  EXPECT_EQ(draft.error().fault(), Fault::unavailable);
  auto other = files_.create_draft(in("1"));
  ASSERT_TRUE(other);
  EXPECT_FALSE((*other)->publish(in("none/1")));
}

TEST_F(RealFilesTest, WritesSyncsMovesListsAndRemoves) {
  ASSERT_TRUE(files_.make_directories(in("a/b/c/")));
  ASSERT_TRUE(files_.make_directories(in("a/b/c")));
  {
    auto file = files_.create(in("a/b/c/new"));
    ASSERT_TRUE(file) << file.error().text();
    ASSERT_TRUE((*file)->write("hello "));
    ASSERT_TRUE((*file)->write(std::string(200'000, 'x')));
    ASSERT_TRUE((*file)->sync());
  }
  ASSERT_TRUE(files_.rename(in("a/b/c/new"), in("a/b/z")));
  ASSERT_TRUE(files_.sync_directory(in("a/b")));
  EXPECT_EQ(files_.list(in("a/b")), (std::vector<std::string>{"c", "z"}));
  EXPECT_EQ(files_.octets_below(in("a")), 200'006U);
  EXPECT_EQ(files_.octets_below(in("a/b/c")), 0U);
  EXPECT_EQ(files_.octets_below(in("none")), 0U);
  EXPECT_EQ(files_.read(in("a/b/z")), "hello " + std::string(200'000, 'x'));
  ASSERT_TRUE(files_.remove(in("a/b/z")));
  ASSERT_TRUE(files_.remove(in("a/b/z")));
  EXPECT_EQ(files_.list(in("a/b")), (std::vector<std::string>{"c"}));
}

TEST_F(RealFilesTest, ALinkThatLeadsNowhereIsAnError) {
  ASSERT_EQ(::symlink("loop", in("loop").c_str()), 0);
  const Result<> made = files_.make_directories(in("loop"));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault(), Fault::unavailable);
  EXPECT_TRUE(made.error().text().contains("symbolic links")) << made.error().text();
  EXPECT_FALSE(files_.create_draft(in("loop/1")));
}

TEST_F(RealFilesTest, LetsNobodyElseRead) {
  ASSERT_TRUE(files_.make_directories(in("d")));
  ASSERT_TRUE(files_.create(in("d/f")));
  struct stat status{};
  ASSERT_EQ(::stat(in("d/f").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat(in("d").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
}

TEST_F(RealFilesTest, ErrorsNamePathAndCause) {
  ASSERT_TRUE(files_.create(in("f")));
  const auto twice = files_.create(in("f"));
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().fault(), Fault::unavailable);
  EXPECT_EQ(twice.error().text(), "cannot create " + in("f") + ": File exists");

  EXPECT_EQ(files_.make_directories(in("f/x")).error().text(),
            "cannot make directory " + in("f/x") + ": Not a directory");
  EXPECT_EQ(files_.make_directories(in("f")).error().fault(), Fault::unavailable);
  EXPECT_EQ(files_.read(in("none")).error().text(),
            "cannot open " + in("none") + ": No such file or directory");
  EXPECT_FALSE(files_.list(in("none")));
  EXPECT_FALSE(files_.rename(in("none"), in("other")));
  EXPECT_FALSE(files_.sync_directory(in("none")));
}

TEST_F(RealFilesTest, AFullDiskIsOverload) {
  ASSERT_TRUE(files_.make_directories(in("small")));
  if (::mount("tmpfs", in("small").c_str(), "tmpfs", 0, "size=64k") != 0)
    GTEST_SKIP() << "mounting a small file system needs root";
  {
    auto file = files_.create(in("small/f"));
    ASSERT_TRUE(file) << file.error().text();
    const auto written = (*file)->write(std::string(200'000, 'x'));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().fault(), Fault::overloaded);
    EXPECT_EQ(written.error().text(),
              "cannot write " + in("small/f") + ": No space left on device");
  }
  EXPECT_EQ(::umount(in("small").c_str()), 0);
}

}  // namespace
}  // namespace veredus::io
