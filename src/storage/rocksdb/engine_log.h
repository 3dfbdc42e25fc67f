// RocksDB's own warnings, in our log.

#pragma once

#include <memory>

#include <rocksdb/env.h>

namespace veredus::storage {

/// Takes the place of the LOG file that RocksDB would keep in the folder: Debian's RocksDB has its
/// assertions on and aborts when it writes to that file once more after the disk refused.
std::shared_ptr<rocksdb::Logger> make_engine_log();

}  // namespace veredus::storage
