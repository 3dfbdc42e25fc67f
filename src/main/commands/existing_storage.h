// The storage of a server that does not run, for commands that look at it.

#pragma once

#include <chrono>
#include <memory>

#include "base/result.h"
#include "io/workers.h"
#include "main/config/config.h"
#include "storage/rocksdb/rocksdb_storage.h"

namespace veredus::commands {

/// As RocksdbStorage::open(), but makes nothing: where there is no storage, the error says so.
/// Waits for `patience` for another process that has it open.
Result<std::unique_ptr<storage::RocksdbStorage>> open_existing_storage(
    const config::Config& config, io::Workers& workers,
    std::chrono::milliseconds patience = storage::RocksdbOptions{}.lock_patience);

}  // namespace veredus::commands
