#include "storage/rocksdb/layout.h"

#include <concepts>
#include <utility>

namespace veredus::storage {
namespace {

constexpr std::string_view kUnclaimed = "unclaimed";

template <std::unsigned_integral Number>
void append_number(std::string& out, Number number) {
  for (int shift = static_cast<int>(sizeof(Number) - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((number >> shift) & 0xff));
  }
}

template <std::unsigned_integral Number>
Number read_number(std::string_view octets) {
  Number number = 0;
  for (const char octet : octets.substr(0, sizeof(Number))) {
    number = static_cast<Number>((number << 8) | static_cast<unsigned char>(octet));
  }
  return number;
}

}  // namespace

std::string meta_key(Space space, std::string_view key) {
  std::string full;
  full.reserve(key.size() + 1);
  full.push_back(static_cast<char>(std::to_underlying(space)));
  full.append(key);
  return full;
}

std::string meta_end(Space space) {
  return std::string(1, static_cast<char>(std::to_underlying(space) + 1));
}

std::string format_key() { return meta_key(Space::system, "format"); }

std::string unclaimed_prefix() { return meta_key(Space::system, kUnclaimed); }

std::string unclaimed_key(BlobId id) {
  std::string key = unclaimed_prefix();
  append_number(key, std::to_underlying(id));
  return key;
}

std::optional<BlobId> unclaimed_blob(std::string_view key) {
  const std::string prefix = unclaimed_prefix();
  if (!key.starts_with(prefix) || key.size() != prefix.size() + sizeof(BlobId)) return std::nullopt;
  return BlobId{read_number<std::uint64_t>(key.substr(prefix.size()))};
}

std::string chunk_key(ChunkName name) {
  std::string key;
  key.reserve(sizeof(name.id) + sizeof(name.chunk));
  append_number(key, std::to_underlying(name.id));
  append_number(key, name.chunk);
  return key;
}

std::optional<ChunkName> chunk_name(std::string_view key) {
  if (key.size() != sizeof(BlobId) + sizeof(std::uint32_t)) return std::nullopt;
  return ChunkName{BlobId{read_number<std::uint64_t>(key)},
                   read_number<std::uint32_t>(key.substr(sizeof(BlobId)))};
}

}  // namespace veredus::storage
