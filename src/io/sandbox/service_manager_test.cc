#include "io/sandbox/service_manager.h"

#include <array>
#include <cstdlib>
#include <optional>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/process.h"
#include "io/temporary_folder.h"

namespace veredus::io {
namespace {

/// A service manager's end of the socket.
class Manager {
 public:
  explicit Manager(std::string name) : name_(std::move(name)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name_.copy(address.sun_path, name_.size());
    if (name_.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
    ::setenv("NOTIFY_SOCKET", name_.c_str(), 1);
  }

  std::string heard() const {
    std::array<char, 1000> text{};
    const ssize_t length = ::recv(socket_.get(), text.data(), text.size(), MSG_DONTWAIT);
    return length < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(length));
  }

 private:
  std::string name_;
  OwnedDescriptor socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

TEST(ServiceManager, IsToldWhatHappens) {
  const TemporaryFolder folder;
  for (const std::string& name : {folder.path() + "/notify", std::string("@veredus-test-notify")}) {
    const Manager manager(name);
    const ServiceManager service;
    EXPECT_EQ(environment_variable("NOTIFY_SOCKET"), "");
    service.ready("Takes mail");
    EXPECT_EQ(manager.heard(), "READY=1\nSTATUS=Takes mail");
    service.reloading();
    EXPECT_TRUE(manager.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    service.stopping();
    EXPECT_TRUE(manager.heard().starts_with("STOPPING=1\n"));
    service.alive();
    EXPECT_EQ(manager.heard(), "WATCHDOG=1");
  }
}

TEST(ServiceManager, WhoAskedForNothingIsToldNothing) {
  ::unsetenv("NOTIFY_SOCKET");
  const ServiceManager service;
  service.ready("Takes mail");
  EXPECT_EQ(service.watchdog().count(), 0);
}

TEST(ServiceManager, AMissingSocketIsNoHarm) {
  ::setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
  ServiceManager().ready("Takes mail");
}

TEST(ServiceManager, TheWatchdogIsOurs) {
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(ServiceManager().watchdog(), std::chrono::seconds(30));
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(ServiceManager().watchdog().count(), 0);
}

TEST(InheritedDescriptors, AreForTheProcessNamedAlone) {
  ::setenv("LISTEN_FDS", "2", 1);
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(inherited_descriptors(), (std::vector{3, 4}));
  EXPECT_TRUE(inherited_descriptors().empty()) << "they were taken";
  ::setenv("LISTEN_FDS", "2", 1);
  ::setenv("LISTEN_PID", "1", 1);
  EXPECT_TRUE(inherited_descriptors().empty());
}

TEST(InheritedDescriptors, OfNonsenseThereAreNone) {
  for (const char* count : {"", "-1", "many", "0"}) {
    ::setenv("LISTEN_FDS", count, 1);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    EXPECT_TRUE(inherited_descriptors().empty()) << count;
  }
}

}  // namespace
}  // namespace veredus::io
