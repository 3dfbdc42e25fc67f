// Where events lie in storage::Space::trace. Private to the traces.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace veredus::trace {

/// Octets of a QueueId at the front of a key; then what record_key() adds.
inline constexpr std::size_t kIdOctets = 8;

/// What keys of one message's records begin with: the id, big-endian.
std::string key_prefix(QueueId id);
/// Nothing for a key that is none.
std::optional<QueueId> id_of(std::string_view key);

}  // namespace veredus::trace
