#include "wire/sasl/prepare.h"

#include <cstring>
#include <optional>
#include <utility>

#include <gsasl.h>

namespace veredus::sasl {
namespace {

std::optional<std::string> saslprep(std::string_view text, Gsasl_saslprep_flags flags) {
  if (text.contains('\0')) return std::nullopt;
  std::string given(text);
  char* prepared = nullptr;
  const int code = gsasl_saslprep(given.c_str(), flags, &prepared, nullptr);
  wipe(given);
  if (code != GSASL_OK || prepared == nullptr) return std::nullopt;
  std::string result(prepared);
  explicit_bzero(prepared, result.size());
  gsasl_free(prepared);
  return result;
}

constexpr auto kOnlyAssigned = static_cast<Gsasl_saslprep_flags>(0);

}  // namespace

Result<Secret> prepare_password(std::string_view password) {
  std::optional<std::string> prepared = saslprep(password, kOnlyAssigned);
  if (!prepared) {
    return fail(Fault::refused,
                "the password has characters that are not allowed: it must be UTF-8, without "
                "control characters (RFC 4013)");
  }
  if (prepared->empty()) return fail(Fault::refused, "the password is empty");
  return Secret(std::move(*prepared));
}

Result<std::string> prepare_received(std::string_view text) {
  std::optional<std::string> prepared = saslprep(text, GSASL_ALLOW_UNASSIGNED);
  if (!prepared) return fail(Fault::malformed, "not UTF-8 text that SASLprep allows (RFC 4013)");
  if (prepared->empty() && !text.empty())
    return fail(Fault::malformed, "only characters that don't count (RFC 4013)");
  return std::move(*prepared);
}

}  // namespace veredus::sasl
