// Reads any body; and a field built from any text is one field that reads back.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/mime/header.h"
#include "wire/mime/received.h"

namespace {

using namespace veredus::mime;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(std::string_view text) {
  static_cast<void>(parse_received(text));
  Trace trace;
  trace.helo = text;
  trace.client_name = text;
  trace.by = "mx.example.org";
  trace.protocol = "ESMTP";
  trace.id = "01J8ABCDEFGHJ";
  trace.recipient = text;
  trace.note = text;
  const std::string field = received_field(trace);
  const Header header = scan_header(field);
  require(header.fields.size() == 1 && header.end_offset == field.size());
  const auto read = parse_received(header.fields[0].body);
  require(read && read->by == trace.by && read->date);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
