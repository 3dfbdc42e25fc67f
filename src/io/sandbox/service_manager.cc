#include "io/sandbox/service_manager.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <numeric>
#include <optional>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "io/process.h"

namespace veredus::io {
namespace {

constexpr int kFirstDescriptor = 3;  // SD_LISTEN_FDS_START
constexpr int kDescriptorsMax = 1024;

/// The variable's value, which is then forgotten: what it says is for this process alone.
std::string take_variable(const char* name) {
  std::string value = environment_variable(name);
  ::unsetenv(name);  // NOLINT(concurrency-mt-unsafe): before threads start.
  return value;
}

bool is_us(const std::string& process) {
  return to_number<pid_t>(process) == std::optional(::getpid());
}

OwnedDescriptor connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() < 2 || path.size() >= sizeof(address.sun_path)) return OwnedDescriptor();
  if (path.front() != '/' && path.front() != '@') return OwnedDescriptor();
  path.copy(address.sun_path, path.size());
  if (path.front() == '@') address.sun_path[0] = '\0';  // An abstract name.
  OwnedDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0)
    socket.close();
  return socket;
}

std::string monotonic_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto whole = std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(whole).count());
}

}  // namespace

std::vector<int> inherited_descriptors() {
  const std::string process = take_variable("LISTEN_PID");
  const auto count = to_number<int>(take_variable("LISTEN_FDS"));
  take_variable("LISTEN_FDNAMES");
  if (!count || !is_us(process)) return {};
  std::vector<int> descriptors(static_cast<std::size_t>(std::clamp(*count, 0, kDescriptorsMax)));
  std::iota(descriptors.begin(), descriptors.end(), kFirstDescriptor);
  return descriptors;
}

ServiceManager::ServiceManager() : socket_(connect_to(take_variable("NOTIFY_SOCKET"))) {
  const auto period = to_number<std::int64_t>(take_variable("WATCHDOG_USEC"));
  const std::string process = take_variable("WATCHDOG_PID");
  if (period && (process.empty() || is_us(process))) watchdog_ = std::chrono::microseconds(*period);
}

void ServiceManager::ready(std::string_view status) const {
  tell("READY=1\nSTATUS=" + std::string(status));
}

void ServiceManager::reloading() const {
  tell("RELOADING=1\nMONOTONIC_USEC=" + monotonic_microseconds() +
       "\nSTATUS=Reading the configuration again");
}

void ServiceManager::stopping() const { tell("STOPPING=1\nSTATUS=Sessions finish their command"); }

void ServiceManager::alive() const { tell("WATCHDOG=1"); }

// Whether it is heard makes no difference to us.
void ServiceManager::tell(const std::string& state) const {
  if (socket_.is_open())
    ::send(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace veredus::io
