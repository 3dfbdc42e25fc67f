// The result is 7-bit, has no longer lines, and its leaves decode to the same octets.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "wire/mime/charset.h"
#include "wire/mime/convert_8bit.h"
#include "wire/mime/structure.h"

namespace {

using namespace veredus::mime;

void require(bool holds) {
  if (!holds) std::abort();
}

void collect(const Part& part, std::string_view message, std::vector<std::string>& leaves) {
  if (part.kind == Part::Kind::leaf)
    leaves.push_back(decode_transfer(part.encoding, part.body.in(message)));
  for (const Part& child : part.children) collect(child, message, leaves);
}

std::vector<std::string> leaves_of(std::string_view message) {
  std::vector<std::string> leaves;
  collect(parse_structure(message).root, message, leaves);
  return leaves;
}

std::size_t longest_line(std::string_view text) {
  std::size_t longest = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    longest = std::max(longest, text.substr(0, end).size());
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return longest;
}

void check(std::string_view message) {
  const auto converted = to_seven_bit(message);
  if (!converted) return;
  require(is_ascii(*converted));
  require(longest_line(*converted) <= std::max<std::size_t>(998, longest_line(message)));
  require(leaves_of(*converted) == leaves_of(message));
  require(to_seven_bit(*converted).value() == *converted);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
