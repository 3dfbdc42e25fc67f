// The beginning of SCRAM's first message: who comes, and whether the exchange is to be bound to
// the TLS channel. Read before GNU SASL does, which wants the account's secrets at that moment.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace veredus::sasl {

/// gs2-cbind-flag of RFC 5802 §7.
enum class BindingFlag : std::uint8_t {
  none,         ///< "n": the client can't bind.
  not_offered,  ///< "y": the client could, but thinks that the server can't.
  bound,        ///< "p=...": it does.
};

struct ClientFirst {
  BindingFlag flag = BindingFlag::none;
  std::string authorize_as;
  std::string account;
};

/// Reads as far as the account; the rest is not looked at.
///
///   gs2-header         = gs2-cbind-flag "," [ "a=" saslname ] ","
///   client-first       = gs2-header "n=" saslname "," nonce ["," extensions]   (RFC 5802 §7)
///
/// Names are as written, with =2C and =3D undone. Errors: malformed (also for "m=", an extension
/// that must be understood).
Result<ClientFirst> parse_client_first(std::string_view message);

}  // namespace veredus::sasl
