#include "base/secret.h"

#include <cstddef>
#include <cstring>

namespace veredus {

void wipe(std::string& text) noexcept {
  // What shrank still has its old octets behind its end; capacity() never allocates here.
  text.resize(text.capacity());
  explicit_bzero(text.data(), text.size());
  text.clear();
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  // volatile: the compiler must not find the first difference and stop there.
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
  return difference == 0;
}

}  // namespace veredus
