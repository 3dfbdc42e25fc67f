// Memory that is copied from at full speed. Private to this folder.

#pragma once

#include <array>
#include <cstddef>
#include <memory>

namespace veredus::io::tls {

constexpr std::size_t kPageOctets = 4096;

/// Octets that begin in the middle of a page.
///
/// A processor first tells addresses apart by their last twelve bits: a load waits for a store a
/// few octets ahead of it in another page. OpenSSL's buffers begin at a page under tcmalloc, 8
/// octets of theirs are skipped, and to copy there from where another page begins took five times
/// as long.
template <std::size_t kOctets>
struct alignas(kPageOctets) Block {
  std::array<char, kPageOctets / 2> unused;
  std::array<char, kOctets> octets;

  static std::unique_ptr<Block> make() { return std::make_unique_for_overwrite<Block>(); }
};

}  // namespace veredus::io::tls
