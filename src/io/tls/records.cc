#include "io/tls/records.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "io/tls/block.h"

namespace veredus::io::tls {

Records::Records(std::vector<std::string_view> pieces) : pieces_(std::move(pieces)) {
  for (const std::string_view piece : pieces_) octets_ += piece.size();
  skip_empty();
}

std::string_view Records::next() {
  assert(!empty());
  std::string_view& piece = pieces_[at_];
  const std::string_view text = piece.substr(0, kRecordOctets);
  if (text.size() < std::min(octets_, kRecordOctets)) return join();
  piece.remove_prefix(text.size());
  octets_ -= text.size();
  skip_empty();
  return text;
}

std::string_view Records::join() {
  thread_local const auto block = Block<kRecordOctets>::make();
  char* const joined = block->octets.data();
  std::size_t size = 0;
  while (at_ < pieces_.size() && size < kRecordOctets) {
    const std::size_t count = pieces_[at_].copy(joined + size, kRecordOctets - size);
    pieces_[at_].remove_prefix(count);
    size += count;
    skip_empty();
  }
  octets_ -= size;
  return {joined, size};
}

void Records::skip_empty() noexcept {
  while (at_ < pieces_.size() && pieces_[at_].empty()) ++at_;
}

}  // namespace veredus::io::tls
