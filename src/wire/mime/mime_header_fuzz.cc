// Fields lie where they say, in order, and a stream cut anywhere tells what the whole does.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/mime/header.h"

namespace {

using namespace veredus::mime;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_places(std::string_view message, const Header& header) {
  std::size_t at = 0;
  for (const Field& field : header.fields) {
    require(field.offset >= at && field.octets > field.name.size() && !field.name.empty());
    require(message.substr(field.offset).starts_with(field.name));
    at = field.offset + field.octets;
  }
  require(at <= header.end_offset && header.end_offset <= header.body_offset);
  require(header.body_offset <= message.size());
}

void check(std::string_view message) {
  const Header header = scan_header(message);
  check_places(message, header);
  const std::size_t cut = message.size() / 3;
  HeaderScanner scanner;
  scanner.feed(message.substr(0, cut));
  scanner.feed(message.substr(cut));
  scanner.finish();
  if (header.over_limit || scanner.over_limit()) return;
  require(scanner.header() == message.substr(0, header.end_offset));
  require(scanner.received_count() == header.find_all("Received").size());
  require(scanner.has_date() == (header.find("Date") != nullptr));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
