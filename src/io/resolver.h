// DNS look-ups, as a seam: libunbound in production, a table in simulation.

#pragma once

#include <string>

#include "base/result.h"
#include "io/task.h"
#include "wire/dns/answer.h"

namespace veredus::io {

/// Thread-safe.
class Resolver {
 public:
  virtual ~Resolver() = default;

  /// Records of `type` at `name` (ASCII, no trailing dot), aliases followed. That a name or a
  /// record does not exist is an answer, not an error. Answers are cached for their time to live.
  /// Errors: unavailable (SERVFAIL, no server answers, DNSSEC validation failed; the text says
  /// which and names the question): try again later; malformed (not a DNS name).
  virtual Task<Result<dns::Answer>> lookup(std::string name, dns::Type type) = 0;
};

}  // namespace veredus::io
