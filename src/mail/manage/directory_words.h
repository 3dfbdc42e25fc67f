// What requests about domains, accounts and aliases share. Private to this room.

#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "mail/directory/directory.h"
#include "mail/manage/handlers.h"

namespace veredus::manage {

/// In lower case, the domain as A-labels. Errors: malformed.
Result<std::string> parse_address(std::string_view text);
Result<std::string> parse_domain(std::string_view text);

/// Errors: refused, when the address is in none of our domains; the text says what to type.
Result<> check_domain(const Asked& asked, const directory::Kept& kept, const std::string& address);

/// One line of the answer.
io::Task<Result<>> put(const Asked& asked, boost::json::object line);

}  // namespace veredus::manage
