// Parts lie inside their parents, in order.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/mime/structure.h"

namespace {

using namespace veredus::mime;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_part(const Part& part, const Range& within) {
  require(part.header.begin >= within.begin && part.header.end >= part.header.begin);
  require(part.body.begin >= part.header.end && part.body.end >= part.body.begin);
  require(part.body.end <= within.end);
  require((part.kind == Part::Kind::leaf) == part.children.empty());
  std::size_t at = part.body.begin;
  for (const Part& child : part.children) {
    check_part(child, {at, part.body.end});
    at = child.body.end;
  }
}

void check(std::string_view message) {
  check_part(parse_structure(message).root, {0, message.size()});
  check_part(parse_structure(message, {.depth_max = 2, .parts_max = 4}).root, {0, message.size()});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
