#include "io/frame_memory.h"

#include <array>
#include <new>

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, octets)
#define ASAN_UNPOISON_MEMORY_REGION(address, octets)
#endif

namespace veredus::io {
namespace {

constexpr std::size_t kStep = 64;               // Frames of sizes that differ by less are alike.
constexpr std::size_t kClasses = 64;            // Larger ones than 4 KiB are not kept.
constexpr std::size_t kKeptMax = 256UL * 1024;  // Of each thread.

/// Frames that are free: one list for each size, each frame's first octets being its link. A list
/// of one's own size, so that a session that waits holds no more than it needs.
struct Spare {
  struct Frame {
    Frame* next;
  };
  std::array<Frame*, kClasses> first{};
  std::size_t kept = 0;  ///< Octets of all.
  bool ended = false;    ///< The thread ends: nothing is kept any more.
};

// Without a destructor, for frames may be given back while a thread's other variables end.
thread_local constinit Spare spare;

/// Frees what is kept when the thread ends.
struct End {
  ~End() {
    spare.ended = true;
    for (std::size_t index = 0; index < kClasses; ++index) {
      while (Spare::Frame* const frame = spare.first[index]) {
        ASAN_UNPOISON_MEMORY_REGION(frame, (index + 1) * kStep);
        spare.first[index] = frame->next;
        ::operator delete(frame);
      }
    }
  }
};

constexpr std::size_t class_of(std::size_t octets) noexcept { return (octets - 1) / kStep; }

}  // namespace

void* take_frame(std::size_t octets) {
  const std::size_t index = class_of(octets);
  if (index >= kClasses) return ::operator new(octets);
  Spare::Frame* const frame = spare.first[index];
  if (frame == nullptr) return ::operator new((index + 1) * kStep);
  ASAN_UNPOISON_MEMORY_REGION(frame, (index + 1) * kStep);
  spare.first[index] = frame->next;
  spare.kept -= (index + 1) * kStep;
  return frame;
}

void give_frame(void* frame, std::size_t octets) noexcept {
  const std::size_t index = class_of(octets);
  const std::size_t whole = (index + 1) * kStep;
  if (index >= kClasses || spare.ended || spare.kept + whole > kKeptMax) {
    ::operator delete(frame);
    return;
  }
  thread_local const End end;
  static_cast<void>(end);
  spare.first[index] = new (frame) Spare::Frame{spare.first[index]};
  spare.kept += whole;
  // Whoever still uses the frame shall be found.
  ASAN_POISON_MEMORY_REGION(frame, whole);
}

}  // namespace veredus::io
