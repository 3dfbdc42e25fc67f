#include "mail/authenticate/login_name.h"

#include <utility>

#include "base/text.h"
#include "wire/smtp/address.h"

namespace veredus::authenticate {

LoginName parse_login_name(std::string_view text, std::string_view default_domain) {
  LoginName name;
  const std::size_t at = text.rfind('@');
  const std::size_t slash = at == std::string_view::npos ? text.rfind('/') : text.find('/', at);
  if (slash != std::string_view::npos) {
    name.credential = text.substr(slash + 1);
    text = text.substr(0, slash);
  }
  std::string address(text);
  if (at == std::string_view::npos && !default_domain.empty())
    address.append("@").append(default_domain);
  const auto parsed = smtp::Address::parse(address, {.utf8_local_part = true});
  if (parsed && parsed->domain() != nullptr) {
    name.account = ascii_lower(parsed->text());
    name.is_address = true;
  } else {
    name.account = std::move(address);
  }
  return name;
}

}  // namespace veredus::authenticate
