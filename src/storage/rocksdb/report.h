// What `veredus storage check` found.

#pragma once

#include <cstdint>
#include <functional>

#include "storage/storage.h"

namespace veredus::storage {

struct Report {
  std::uint32_t format_version = 0;
  std::uint64_t messages = 0;        ///< Keys in Space::queue.
  std::uint64_t states = 0;          ///< Keys in Space::queue_state.
  std::uint64_t blobs = 0;           ///< Bodies, owned or not.
  std::uint64_t chunks = 0;          ///< Parts of all of them.
  std::uint64_t orphan_chunks = 0;   ///< Parts of bodies without an owner.
  std::uint64_t missing_chunks = 0;  ///< Gaps before the last part of a body: damage.
};

/// True when something refers to the blob.
using OwnerTest = std::function<bool(BlobId)>;

}  // namespace veredus::storage
