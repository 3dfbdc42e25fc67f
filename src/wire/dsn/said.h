// What a server said, found in a text that is not a reply by itself.

#pragma once

#include <optional>
#include <string_view>

#include "wire/smtp/reply.h"

namespace veredus::dsn {

/// The first status code of RFC 3463 in `text` ("(#5.1.1)", "550-5.7.26 no"), which is no part of
/// an address or a version of four numbers.
std::optional<smtp::EnhancedStatus> find_status(std::string_view text);

/// The first 4yz or 5yz in `text` that stands by itself: "host said: 550 no" gives 550.
std::optional<int> find_code(std::string_view text);

}  // namespace veredus::dsn
