// Encoders give short 7-bit lines that decode to what went in, whole or in pieces.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/mime/charset.h"
#include "wire/mime/transfer_encoding.h"

namespace {

using namespace veredus::mime;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_lines(std::string_view text) {
  require(is_ascii(text));
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    require(text.substr(0, end).size() <= 76);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  }
}

void check(std::string_view bytes) {
  const std::string quoted = encode_quoted_printable(bytes);
  const std::string based = encode_base64(bytes);
  check_lines(quoted);
  check_lines(based);
  require(decode_quoted_printable(quoted) == bytes);
  require(decode_base64(based) == bytes);

  std::string pieces;
  QuotedPrintableDecoder decoder;
  decoder.feed(bytes.substr(0, bytes.size() / 2), pieces);
  decoder.feed(bytes.substr(bytes.size() / 2), pieces);
  decoder.finish(pieces);
  require(pieces == decode_quoted_printable(bytes));
  static_cast<void>(decode_base64(bytes));
  static_cast<void>(parse_transfer_encoding(bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
