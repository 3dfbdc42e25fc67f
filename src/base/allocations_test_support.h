// How often a test's thread takes memory from the heap: for tests that something takes none.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#if __has_feature(address_sanitizer)
#include <sanitizer/allocator_interface.h>
#endif

namespace veredus {

/// Of this thread, since allocations_are_counted() was first called.
inline thread_local std::uint64_t allocations = 0;

/// False where nobody tells: in builds without the address sanitizer, whose hook sees whatever is
/// allocated, by C libraries too. Skip the test there.
inline bool allocations_are_counted() {
#if __has_feature(address_sanitizer)
  static const int place = __sanitizer_install_malloc_and_free_hooks(
      [](const volatile void*, std::size_t) { ++allocations; }, [](const volatile void*) {});
  if (place == 0) std::abort();  // No reason to skip: nothing would be tested anywhere.
  return true;
#else
  return false;
#endif
}

}  // namespace veredus
