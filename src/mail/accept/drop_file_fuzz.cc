// What is accepted as a drop file can be written again and is read back the same.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mail/accept/drop_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace veredus::accept;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const auto read = decode_drop_file(octets);
  if (!read) return 0;
  const std::string_view message = octets.substr(read->message_offset);
  const std::string again = encode(read->file, message);
  const auto reread = decode_drop_file(again);
  const bool is_same = reread && reread->file.sender == read->file.sender &&
                       reread->file.params == read->file.params &&
                       reread->file.recipients == read->file.recipients &&
                       std::string_view(again).substr(reread->message_offset) == message;
  if (!is_same) std::abort();
  return 0;
}
