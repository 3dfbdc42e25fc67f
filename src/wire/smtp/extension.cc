#include "wire/smtp/extension.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace veredus::smtp {

namespace {

struct Name {
  Extension extension;
  std::string_view keyword;
};

constexpr std::array kNames{
    Name{Extension::size, "SIZE"},
    Name{Extension::pipelining, "PIPELINING"},
    Name{Extension::eight_bit_mime, "8BITMIME"},
    Name{Extension::enhanced_status_codes, "ENHANCEDSTATUSCODES"},
    Name{Extension::smtputf8, "SMTPUTF8"},
    Name{Extension::dsn, "DSN"},
    Name{Extension::starttls, "STARTTLS"},
    Name{Extension::chunking, "CHUNKING"},
    Name{Extension::binary_mime, "BINARYMIME"},
    Name{Extension::auth, "AUTH"},
    Name{Extension::etrn, "ETRN"},
    Name{Extension::vrfy, "VRFY"},
    Name{Extension::expn, "EXPN"},
    Name{Extension::help, "HELP"},
};

}  // namespace

std::string_view keyword(Extension extension) noexcept {
  return std::ranges::find(kNames, extension, &Name::extension)->keyword;
}

std::optional<Extension> find_extension(std::string_view keyword) noexcept {
  const auto* found = std::ranges::find_if(
      kNames, [keyword](const Name& name) { return iequals(name.keyword, keyword); });
  if (found == kNames.end()) return std::nullopt;
  return found->extension;
}

}  // namespace veredus::smtp
