// A session of GNU SASL as a value: the one place, with prepare.cc and scram_verifier.cc, that
// speaks to the library. Used by server_exchange.cc and client_exchange.cc alone.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/sasl/binding.h"
#include "wire/sasl/mechanism.h"

struct Gsasl_session;

namespace veredus::sasl {

enum class Side : std::uint8_t { client, server };

enum class Property : std::uint8_t {
  account,
  authorize_as,
  password,
  iterations,  ///< As decimal text; this and the next three are SCRAM's.
  salt,        ///< In base64, like the keys.
  stored_key,
  server_key,
};

/// What the library made of a message.
struct Turn {
  std::string output;
  bool done = false;  ///< The mechanism has come to its end, and well.
};

class Session {
 public:
  /// Errors: unavailable (the library lacks the mechanism, or memory).
  static Result<Session> open(Side side, Mechanism mechanism);

  /// `value` has no NUL in it.
  void set(Property property, std::string_view value);
  void set(const Binding& binding);
  /// Empty when it is not known.
  std::string_view get(Property property) const;

  /// Errors: malformed, refused (what had to be proved was not), unavailable. The session must
  /// not be used again after an error. A server says yes to any password here: it is the caller
  /// of ServerExchange who checks it.
  Result<Turn> step(std::string_view input);

 private:
  struct Finish {
    void operator()(Gsasl_session* session) const noexcept;
  };
  using Handle = std::unique_ptr<Gsasl_session, Finish>;

  Session(Handle handle, Mechanism mechanism) noexcept
      : handle_(std::move(handle)), mechanism_(mechanism) {}

  Handle handle_;
  Mechanism mechanism_;
};

}  // namespace veredus::sasl
