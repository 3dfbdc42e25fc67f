#include "io/process.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace veredus::io {
namespace {

void add_address(const sockaddr* socket, std::vector<IpAddress>& found) {
  if (socket == nullptr) return;
  if (socket->sa_family == AF_INET) {
    std::array<std::uint8_t, 4> octets{};
    const auto* address = reinterpret_cast<const sockaddr_in*>(socket);
    std::memcpy(octets.data(), &address->sin_addr, octets.size());
    found.push_back(IpAddress::v4(octets));
  } else if (socket->sa_family == AF_INET6) {
    std::array<std::uint8_t, 16> octets{};
    const auto* address = reinterpret_cast<const sockaddr_in6*>(socket);
    std::memcpy(octets.data(), &address->sin6_addr, octets.size());
    found.push_back(IpAddress::v6(octets));
  }
}

}  // namespace

std::vector<IpAddress> interface_addresses() {
  std::vector<IpAddress> found;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return found;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(first, &::freeifaddrs);
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next)
    add_address(entry->ifa_addr, found);
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  return found;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0')
    return "localhost.localdomain";
  addrinfo hints{};
  hints.ai_flags = AI_CANONNAME;
  addrinfo* found = nullptr;
  if (::getaddrinfo(name.data(), nullptr, &hints, &found) != 0) return name.data();
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  return found->ai_canonname != nullptr ? found->ai_canonname : name.data();
}

std::string user_name() {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> text{};
  ::getpwuid_r(::geteuid(), &entry, text.data(), text.size(), &found);
  return found == nullptr ? std::to_string(::geteuid()) : found->pw_name;
}

std::string environment_variable(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here sets variables.
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

void keep_files_private() { ::umask(S_IRWXG | S_IRWXO); }

bool may_write_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return ::access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) == 0;
}

unsigned processor_count() {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  if (::sched_getaffinity(0, sizeof(processors), &processors) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&processors)));
}

}  // namespace veredus::io
