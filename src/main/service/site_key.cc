#include "main/service/site_key.h"

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "io/kernel_random.h"

namespace veredus {
namespace {

constexpr std::size_t kOctets = 32;

std::string random_octets() {
  io::KernelRandom random;
  std::string octets;
  while (octets.size() < kOctets) {
    std::uint64_t word = random.next();
    for (int i = 0; i < 8; ++i, word >>= 8U) octets.push_back(static_cast<char>(word & 0xffU));
  }
  return octets;
}

}  // namespace

Result<Secret> site_key(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (in.is_open()) {
    std::string octets{std::istreambuf_iterator<char>(in), {}};
    if (octets.size() >= kOctets) return Secret(std::move(octets));
  }
  std::string octets = random_octets();
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  std::error_code unknown;
  std::filesystem::permissions(
      file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, unknown);
  if (!out.write(octets.data(), static_cast<std::streamsize>(octets.size())).flush())
    return fail(Fault::unavailable,
                file + ": cannot be written: " + std::generic_category().message(errno));
  return Secret(std::move(octets));
}

}  // namespace veredus
