#include "io/process.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "io/test_support.h"

namespace veredus::io {
namespace {

TEST(Process, FindsTheLoopbackAddressOnce) {
  const auto addresses = interface_addresses();
  EXPECT_EQ(std::ranges::count(addresses, *IpAddress::parse("127.0.0.1")), 1);
}

TEST(Process, HasAProcessor) { EXPECT_GE(processor_count(), 1U); }

TEST(Process, RaisesTheDescriptorLimitToWhatIsAllowed) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit low{std::min<rlim_t>(256, limit.rlim_max), limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(raise_descriptor_limit(), limit.rlim_max);
}

TEST(Process, NewFilesAreForTheUserAlone) {
  const mode_t before = ::umask(0);
  keep_files_private();
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/file";
  std::ofstream(path) << "x";
  ::umask(before);
  const auto mode = std::filesystem::status(path).permissions();
  EXPECT_EQ(mode & std::filesystem::perms::group_all, std::filesystem::perms::none);
  EXPECT_EQ(mode & std::filesystem::perms::others_all, std::filesystem::perms::none);
}

}  // namespace
}  // namespace veredus::io
