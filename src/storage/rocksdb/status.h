// What RocksDB said, as one of our errors. For this folder's sources.

#pragma once

#include <string>
#include <string_view>

#include <rocksdb/status.h>

#include "base/result.h"

namespace veredus::storage {

/// Precondition: `status` is none of success. overloaded (no space), else unavailable.
[[nodiscard]] inline std::unexpected<Error> fail(const rocksdb::Status& status,
                                                 std::string_view doing) {
  if (status.IsNoSpace())
    return veredus::fail(Fault::overloaded, std::string(doing) + ": the disk is full");
  return veredus::fail(Fault::unavailable, std::string(doing) + ": " + status.ToString());
}

[[nodiscard]] inline std::unexpected<Error> fail_closed() {
  return veredus::fail(Fault::unavailable,
                       "the storage is closed since a write failed; it is opened again as soon as "
                       "the disk lets it");
}

}  // namespace veredus::storage
