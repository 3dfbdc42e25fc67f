// The storage of a server that does not run, for commands that look at it.

#pragma once

#include <memory>

#include "base/result.h"
#include "io/workers.h"
#include "main/config/config.h"
#include "storage/rocksdb/rocksdb_storage.h"

namespace veredus::commands {

/// As RocksdbStorage::open(), but makes nothing: where there is no storage, the error says so.
Result<std::unique_ptr<storage::RocksdbStorage>> open_existing_storage(const config::Config& config,
                                                                       io::Workers& workers);

}  // namespace veredus::commands
