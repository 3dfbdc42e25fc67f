// Where things are in the database. What is here is on disk: never change, only add.
//
//   column family  key                                            value
//   meta           Space, 1 octet; the key                        as put
//   trace          Space::trace, 1 octet; the key                 as put; the oldest files go
//   meta           Space::system "format"                         decimal version of this layout
//   meta           Space::system "unclaimed" BlobId, 8 octets     decimal count of its chunks,
//                                                                 claimed by no batch yet
//   meta           Space::system "journal"                        Position: all before it is
//   applied place          BlobId, 8 octets; chunk, 4 octets              Place: where in the
//   journal up to
//                                                                 kChunkBytes of the body lie
//   blob           as place                                       the octets themselves: format 1
//
// Beside the database is the folder "journal" (storage/journal/format.h): bodies, and every batch
// of changes as RocksDB encodes it. Format 1 had RocksDB's own log in its place. Numbers in keys
// are big-endian, so that the order of octets is the order of numbers.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/storage.h"

namespace veredus::storage {

inline constexpr std::uint32_t kFormatVersion = 2;
inline constexpr std::string_view kMetaFamily = "meta";
inline constexpr std::string_view kBlobFamily = "blob";
inline constexpr std::string_view kTraceFamily = "trace";
inline constexpr std::string_view kPlaceFamily = "place";
inline constexpr std::string_view kJournalFolder = "journal";

std::string meta_key(Space space, std::string_view key);
/// The first key after every key of `space`.
std::string meta_end(Space space);
std::string format_key();
std::string position_key();

std::string unclaimed_key(BlobId id);
/// What every unclaimed_key() starts with.
std::string unclaimed_prefix();
/// The blob of an unclaimed_key(); nothing for another key.
std::optional<BlobId> unclaimed_blob(std::string_view key);

struct ChunkName {
  BlobId id;
  std::uint32_t chunk;
};
std::string chunk_key(ChunkName name);
/// Nothing if `key` is not a chunk's.
std::optional<ChunkName> chunk_name(std::string_view key);

}  // namespace veredus::storage
