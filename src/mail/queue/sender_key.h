// Whom fairness is for.

#pragma once

#include <cstdint>
#include <string_view>

namespace veredus::queue {

/// A hash of who had a message sent: the account, else the sender's address, else the client.
/// Collisions only cost a little fairness.
enum class SenderKey : std::uint32_t {};

/// FNV-1a.
constexpr SenderKey sender_key(std::string_view who) noexcept {
  std::uint32_t hash = 2166136261U;
  for (const char octet : who) hash = (hash ^ static_cast<unsigned char>(octet)) * 16777619U;
  return SenderKey{hash};
}

}  // namespace veredus::queue
