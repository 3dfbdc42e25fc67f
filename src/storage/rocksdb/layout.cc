#include "storage/rocksdb/layout.h"

#include <utility>

#include "storage/numbers.h"

namespace veredus::storage {
namespace {

constexpr std::string_view kUnclaimed = "unclaimed";

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

std::string position_key() { return meta_key(Space::system, "journal"); }

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
