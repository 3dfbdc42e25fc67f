// An address of a sound list, written by us, is read as the same mailbox.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/mime/address_list.h"

namespace {

using namespace veredus::mime;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(std::string_view body) {
  const AddressList list = parse_address_list(body, 100);
  const auto mailboxes = list.mailboxes();
  require(mailboxes.size() <= 100);
  if (!list.well_formed) return;
  for (const Mailbox& mailbox : mailboxes) {
    const auto again = parse_address_list("<" + mailbox.address() + ">").mailboxes();
    require(again.size() == 1 && again[0].local_part == mailbox.local_part);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
