// A secret of this site, by which we answer for accounts that there are not (sasl::fake_verifier).

#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace veredus {

/// What the file holds; made when it is missing: 32 random octets that only our user may read.
/// Errors: unavailable.
[[nodiscard]] Result<Secret> site_key(const std::string& file);

}  // namespace veredus
