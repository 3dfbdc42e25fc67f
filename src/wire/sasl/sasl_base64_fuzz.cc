// What is taken for base64 or for a stored verifier is written the same again.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "wire/sasl/line.h"
#include "wire/sasl/scram_verifier.h"

namespace {

using namespace veredus::sasl;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto octets = decode_line(text)) require(encode_line(*octets) == text);
  if (const auto octets = decode_initial(text)) require(encode_initial(*octets) == text);
  require(decode_line(encode_line(text)).value_or("") == text || size > kLineOctetsMax / 4 * 3);
  if (const auto verifier = parse_scram_verifier(text)) {
    const auto again = parse_scram_verifier(to_text(*verifier));
    require(again && *again == *verifier);
  }
  return 0;
}
