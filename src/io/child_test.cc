#include "io/child.h"

#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/temporary_folder.h"

namespace veredus::io {
namespace {

class ChildTest : public testing::Test {
 protected:
  Child start(const std::string& script) {
    auto child = Child::start({"/bin/sh", "-c", script}, output());
    EXPECT_TRUE(child) << child.error().text();
    return std::move(*child);
  }
  std::string output() const { return folder_.path() + "/output"; }
  std::string written() const {
    std::ifstream file(output());
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  TemporaryFolder folder_;
};

TEST_F(ChildTest, TellsItsStatusAndKeepsWhatItSaid) {
  EXPECT_EQ(start("echo out; echo err >&2; exit 3").wait(), 3);
  EXPECT_EQ(start("echo more").wait(), 0);
  EXPECT_EQ(written(), "out\nerr\nmore\n");
}

TEST_F(ChildTest, IsEndedBySignals) {
  Child child = start("sleep 60");
  EXPECT_FALSE(child.ended());
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(), kEndedBySignal + SIGTERM);
  child.signal(SIGTERM);  // Nobody is there any more: nothing happens.
}

TEST_F(ChildTest, GoesAwayWithItsObject) {
  int pid = 0;
  {
    Child child = start("exec sleep 60");
    pid = child.pid();
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST_F(ChildTest, GoesAwayWithTheThreadThatStartedIt) {
  std::optional<Child> child;
  std::thread([&] { child.emplace(start("exec sleep 60")); }).join();
  EXPECT_EQ(child->wait(), kEndedBySignal + SIGKILL);
}

TEST_F(ChildTest, InheritsNoDescriptor) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);  // Without SOCK_CLOEXEC.
  EXPECT_EQ(start("test ! -e /proc/self/fd/" + std::to_string(pair[0])).wait(), 0);
  ::close(pair[0]);
  ::close(pair[1]);
}

TEST_F(ChildTest, HasAProcessGroupOfItsOwn) {
  Child child = start("exec sleep 60");
  EXPECT_EQ(::getpgid(child.pid()), child.pid());
}

TEST_F(ChildTest, AProgramThatIsNotThereEndsWith127) {
  auto child = Child::start({"/nonexistent/program"}, output());
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait(), 127);
}

TEST_F(ChildTest, AnOutputThatCannotBeWrittenIsAnError) {
  EXPECT_FALSE(Child::start({"/bin/true"}, folder_.path() + "/none/output"));
}

}  // namespace
}  // namespace veredus::io
