// Addresses, paths and domains: what we accept, we can say again and read back the same.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "wire/smtp/address.h"

namespace {

using namespace veredus::smtp;

template <class Path>
void check_path(std::string_view text) {
  const auto path = Path::parse(text, {.utf8_local_part = true});
  if (!path) return;
  const auto again = Path::parse(path->text(), {.utf8_local_part = true});
  if (!again || *again != *path || again->text() != path->text()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_path<ReversePath>(text);
  check_path<ForwardPath>(text);

  const auto address = Address::parse(text, {.utf8_local_part = true});
  if (address) {
    const auto again = Address::parse(address->text(), {.utf8_local_part = true});
    if (!again || *again != *address || again->text() != address->text()) std::abort();
    if (address->text().size() + 2 > kPathOctetsMax) std::abort();
    if (!address->needs_smtputf8() && !Address::parse(text)) std::abort();
  }

  const auto domain = Domain::parse(text);
  if (domain && Domain::parse(domain->ascii()).value() != *domain) std::abort();
  return 0;
}
