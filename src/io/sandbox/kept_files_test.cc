#include "io/sandbox/kept_files.h"

#include <filesystem>
#include <fstream>
#include <functional>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/sandbox/user.h"
#include "io/temporary_folder.h"

namespace veredus::io {
namespace {

constexpr const char* kUser = "nobody";

class KeptFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0711));
    write("first key");
    files_.keep(key_);
  }

  void write(const std::string& text) {
    std::ofstream(key_) << text;
    std::filesystem::permissions(key_, std::filesystem::perms(0600));
  }

  /// Whether `question` is true for a child that is an ordinary user.
  static bool as_user(const std::function<bool()>& question) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto user = find_user(kUser);
      const bool became = ::setgid(user->group) == 0 && ::setuid(user->id) == 0;
      ::_exit(became && question() ? 1 : 0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 1;
  }

  TemporaryFolder folder_;
  std::string key_ = folder_.path() + "/key";
  KeptFiles files_;
};

TEST_F(KeptFilesTest, WhatCanBeReadIsReadAnew) {
  write("second key");
  EXPECT_EQ(*files_.read(key_, kUser), "second key");
  EXPECT_TRUE(files_.unreadable().empty());
}

TEST_F(KeptFilesTest, WhatIsMissingIsNamed) {
  const auto read = files_.read(folder_.path() + "/none", kUser);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().text(), "No such file or directory");
}

TEST_F(KeptFilesTest, WhatOnlyRootReadsIsAsItWasKept) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  EXPECT_TRUE(as_user([&] {
    const auto read = files_.read(key_, kUser);
    return read && *read == "first key" && files_.unreadable() == std::vector{key_};
  }));
}

TEST_F(KeptFilesTest, AfterAChangeItSaysHowToGiveAccess) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  write("another key");
  EXPECT_TRUE(as_user([&] {
    const auto read = files_.read(key_, kUser);
    return !read && read.error().text().find("setfacl -m u:nobody:r " + key_) != std::string::npos;
  }));
}

}  // namespace
}  // namespace veredus::io
