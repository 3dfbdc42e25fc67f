// RocksDB's settings, chosen by measurement: README.md has the figures.

#pragma once

#include <rocksdb/options.h>

#include "storage/rocksdb/rocksdb_options.h"

namespace veredus::storage {

struct Tuning {
  rocksdb::DBOptions database;
  rocksdb::ColumnFamilyOptions meta;
  rocksdb::ColumnFamilyOptions blob;
};

Tuning tuned(const RocksdbOptions& options);

}  // namespace veredus::storage
