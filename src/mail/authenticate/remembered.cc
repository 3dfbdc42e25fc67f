#include "mail/authenticate/remembered.h"

#include <cstring>

#include <sodium.h>

namespace veredus::authenticate {
namespace {

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

RememberedLogins::Tag RememberedLogins::tag_of(std::string_view account, std::string_view hash,
                                               const Secret& password) const {
  crypto_generichash_state state;
  crypto_generichash_init(&state, octets(key_.reveal()), key_.reveal().size(), sizeof(Tag));
  // Lengths in front, so that no two triples are the same octets.
  for (const std::string_view part : {account, hash, password.reveal()}) {
    const std::uint64_t length = part.size();
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(&length),
                              sizeof(length));
    crypto_generichash_update(&state, octets(part), part.size());
  }
  Tag tag;
  crypto_generichash_final(&state, tag.data(), tag.size());
  sodium_memzero(&state, sizeof(state));
  return tag;
}

bool RememberedLogins::contains(const Tag& tag, SteadyTime now) const {
  const auto found = until_.find(tag);
  return found != until_.end() && now < found->second;
}

void RememberedLogins::add(const Tag& tag, SteadyTime until, std::size_t entries_max) {
  if (!until_.insert_or_assign(tag, until).second) return;
  order_.push_back(tag);
  while (until_.size() > entries_max) {
    until_.erase(order_.front());
    order_.pop_front();
  }
}

/// The tag is a hash already.
std::size_t RememberedLogins::TagHash::operator()(const Tag& tag) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, tag.data(), sizeof(hash));
  return hash;
}

}  // namespace veredus::authenticate
