// Reads anything without harm; names are lower-case and appear once.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/mime/content_type.h"

namespace {

using namespace veredus::mime;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(std::string_view body) {
  const auto content = parse_content_type(body);
  if (!content) return;
  require(!content->type.empty());
  for (const Parameter& parameter : content->parameters)
    require(!parameter.name.empty() && content->parameter(parameter.name) == parameter.value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
