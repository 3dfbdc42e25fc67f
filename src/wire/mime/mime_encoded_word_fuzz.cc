// Text without "=?" only loses its folding; message ids are read from anything.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/mime/encoded_word.h"
#include "wire/mime/message_id.h"

namespace {

using namespace veredus::mime;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(std::string_view text) {
  const std::string decoded = decode_words(text);
  if (!text.contains("=?") && !text.contains('\n')) require(decoded == text);
  for (const std::string& id : message_ids(text, 50)) require(!id.empty());
  static_cast<void>(parse_message_id(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
