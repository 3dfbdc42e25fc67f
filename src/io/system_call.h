// What every call of the file system needs. For our own .cc files and storage engines.

#pragma once

#include <cerrno>
#include <string>

#include "base/result.h"
#include "io/owned_descriptor.h"

namespace veredus::io {

/// Repeats a call that a signal interrupted. Returns what it returned.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

/// Opens with O_CLOEXEC, creates with mode 0600. Closed, with errno, when that failed.
OwnedDescriptor open_file(const std::string& path, int flags);

/// overloaded (no space, quota), else unavailable; the text is "cannot `doing`: " and the cause.
[[nodiscard]] std::unexpected<Error> failed(const std::string& doing, int error);

}  // namespace veredus::io
