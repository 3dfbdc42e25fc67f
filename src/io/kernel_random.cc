#include "io/kernel_random.h"

#include <array>
#include <cstdlib>

#include <sys/random.h>

namespace veredus::io {
namespace {

// getrandom() gives up to 256 octets whole, never interrupted (getrandom(2)).
struct Block {
  std::array<std::uint64_t, 32> values;
  std::size_t next = values.size();
};

}  // namespace

std::uint64_t KernelRandom::next() {
  thread_local Block block;
  if (block.next == block.values.size()) {
    if (::getrandom(block.values.data(), sizeof(block.values), 0) !=
        static_cast<ssize_t>(sizeof(block.values)))
      std::abort();
    block.next = 0;
  }
  return block.values[block.next++];
}

}  // namespace veredus::io
