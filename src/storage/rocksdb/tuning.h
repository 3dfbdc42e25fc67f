// RocksDB's settings, chosen by measurement: README.md has the figures.

#pragma once

#include <string_view>

#include <rocksdb/options.h>

#include "storage/rocksdb/rocksdb_options.h"

namespace veredus::storage {

struct Tuning {
  rocksdb::DBOptions database;
  rocksdb::ColumnFamilyOptions meta;
  rocksdb::ColumnFamilyOptions blob;
  rocksdb::ColumnFamilyOptions trace;
  rocksdb::ColumnFamilyOptions place;

  /// For the family of that name; one of a newer version is opened as meta.
  const rocksdb::ColumnFamilyOptions& family(std::string_view name) const;
};

Tuning tuned(const RocksdbOptions& options);

}  // namespace veredus::storage
