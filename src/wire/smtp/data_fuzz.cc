// Message data both ways. The first octet says how to cut the rest into chunks.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "wire/smtp/data_decoder.h"
#include "wire/smtp/data_encoder.h"

namespace {

using namespace veredus::smtp;

struct Decoded {
  std::string message;
  std::size_t consumed = 0;
  bool complete = false;
  bool bare = false;

  friend bool operator==(const Decoded&, const Decoded&) = default;
};

Decoded decode(std::string_view wire, std::size_t chunk, BareNewline tolerance) {
  DataDecoder decoder(tolerance);
  Decoded got;
  while (got.consumed < wire.size() && !got.complete) {
    const auto step = decoder.feed(wire.substr(got.consumed, chunk), got.message);
    got.consumed += step.consumed;
    got.complete = step.complete;
  }
  got.bare = decoder.has_bare_newline();
  return got;
}

std::string encode(std::string_view message, std::size_t chunk) {
  DataEncoder encoder;
  std::string wire;
  for (std::size_t at = 0; at < message.size(); at += chunk) {
    std::vector<std::string_view> pieces;
    encoder.encode(message.substr(at, chunk), pieces);
    for (const std::string_view piece : pieces) wire += piece;
  }
  return wire += encoder.finish();
}

void check_decoder(std::string_view text, std::size_t chunk) {
  // Where the message ends is a plain search, whatever the cuts and the tolerance.
  const std::string with_data_crlf = "\r\n" + std::string(text);
  const std::size_t end = with_data_crlf.find("\r\n.\r\n");
  for (const BareNewline tolerance : {BareNewline::refuse, BareNewline::convert}) {
    const Decoded whole = decode(text, text.size() + 1, tolerance);
    if (decode(text, chunk, tolerance) != whole) std::abort();
    if (whole.complete != (end != std::string::npos)) std::abort();
    if (whole.complete && whole.consumed != end + 3) std::abort();
    if (whole.complete && tolerance == BareNewline::convert) {
      // What goes on to the next hop has no bare newline left, and is the same there.
      const std::string wire = encode_data(whole.message);
      const Decoded next = decode(wire, chunk, BareNewline::refuse);
      if (!next.complete || next.bare || next.message != whole.message) std::abort();
    }
  }
}

void check_encoder(std::string_view text, std::size_t chunk) {
  const std::string wire = encode(text, chunk);
  if (wire != encode_data(text)) std::abort();
  const Decoded back = decode(wire, chunk, BareNewline::refuse);
  if (!back.complete || back.bare || back.consumed != wire.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t chunk = std::max<std::size_t>(data[0] % 32, 1);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_decoder(text, chunk);
  check_encoder(text, chunk);
  return 0;
}
