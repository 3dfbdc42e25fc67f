#include "mail/trace/keys.h"

#include "base/big_endian.h"

namespace veredus::trace {

std::string key_prefix(QueueId id) {
  std::string key;
  put_big_endian(key, static_cast<std::uint64_t>(id));
  return key;
}

std::optional<QueueId> id_of(std::string_view key) {
  if (key.size() < kIdOctets) return std::nullopt;
  return QueueId{get_big_endian(key.substr(0, kIdOctets))};
}

}  // namespace veredus::trace
