// Content-Type and Content-Disposition: a value and its parameters (RFC 2045 §5.1, RFC 2183 §2).

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace veredus::mime {

struct Parameter {
  std::string name;   ///< Lower-case, without the * of RFC 2231.
  std::string value;  ///< Unquoted; UTF-8 when RFC 2231 or an encoded word named a charset.
  friend bool operator==(const Parameter&, const Parameter&) = default;
};

/// The value of Content-Type, or of Content-Disposition, whose `subtype` is empty.
struct ContentType {
  std::string type;     ///< Lower-case.
  std::string subtype;  ///< Lower-case.
  std::vector<Parameter> parameters;

  /// The first value of that parameter (`name` in lower-case), or nothing.
  std::optional<std::string_view> parameter(std::string_view name) const noexcept;
  bool is(std::string_view wanted_type, std::string_view wanted_subtype) const noexcept;
};

/// Reads such a field body, folded or not.
///
///   content   = type "/" subtype *(";" parameter)
///   parameter = attribute "=" (token / quoted-string)
///
/// Comments are skipped, continuations and charsets of RFC 2231 §3 and §4 put together, and
/// unquoted values taken up to the next semicolon. Errors: malformed (no type to be seen).
[[nodiscard]] Result<ContentType> parse_content_type(std::string_view body);

}  // namespace veredus::mime
