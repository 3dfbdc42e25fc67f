// Passwords that were right a moment ago: a client that logs in every second needs no new
// computation of 30 ms each time.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/secret.h"
#include "base/time.h"

namespace veredus::authenticate {

/// Pure; one owner, one thread. Holds no password but a BLAKE2b of it under a key that lives as
/// long as the process: what leaks of its memory is no quicker to guess at without the key.
class RememberedLogins {
 public:
  using Tag = std::array<std::uint8_t, 32>;

  /// `key`: 32 random octets.
  explicit RememberedLogins(Secret key) : key_(std::move(key)) {}

  /// Of this password for this hash: with another hash (a new password) it is another tag.
  Tag tag_of(std::string_view account, std::string_view hash, const Secret& password) const;

  bool contains(const Tag& tag, SteadyTime now) const;
  /// At most `entries_max` stay, the latest.
  void add(const Tag& tag, SteadyTime until, std::size_t entries_max);
  std::size_t size() const noexcept { return until_.size(); }

 private:
  struct TagHash {
    std::size_t operator()(const Tag& tag) const noexcept;
  };

  Secret key_;
  std::unordered_map<Tag, SteadyTime, TagHash> until_;
  std::deque<Tag> order_;  ///< As added.
};

}  // namespace veredus::authenticate
