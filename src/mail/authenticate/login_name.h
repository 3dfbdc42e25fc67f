// What a client calls itself when it logs in.

#pragma once

#include <string>
#include <string_view>

namespace veredus::authenticate {

/// "ann@example.org", or "ann@example.org/phone" to say which app password is meant.
struct LoginName {
  /// The account's address, local part and domain in lower case, the domain as A-labels. When it is
  /// no address: what the client wrote, which no account is called.
  std::string account;
  std::string credential;  ///< Empty: none is named.
  bool is_address = false;
};

/// A name without '@' is one at `default_domain`, when that is not empty. The first '/' after the
/// last '@' begins the app password's name (a domain has none); in a name without '@' the last '/'.
LoginName parse_login_name(std::string_view text, std::string_view default_domain);

}  // namespace veredus::authenticate
