// Bounces without a standard: recognised by their phrases, read by their shape.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/dsn/bounce.h"
#include "wire/mime/header.h"

namespace veredus::dsn {

/// `text` is the message's readable text, decoded; `header` its header. A Bounce of kind `none`
/// when it is no bounce.
Bounce read_free_form(const mime::Header& header, std::string_view text);

}  // namespace veredus::dsn
