// One form for passwords and names that look the same: SASLprep (RFC 4013).

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace veredus::sasl {

/// The form of a password to make hashes and verifiers of. An exchange gives passwords in this
/// form already (RFC 4616 §2), so what is stored must be made from it too. ASCII stays as it is.
/// Errors: refused (no UTF-8, a control, a character that Unicode does not assign yet, or
/// nothing left).
Result<Secret> prepare_password(std::string_view password);

/// The same for what a peer sent as a name or password, where characters that are not assigned
/// yet are let through: they match nothing that is stored (RFC 4013 §2.5). Errors: malformed.
Result<std::string> prepare_received(std::string_view text);

}  // namespace veredus::sasl
