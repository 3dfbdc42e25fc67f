// The tree of parts of a MIME message, as places in its octets (RFC 2046 §5).

#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "wire/mime/content_type.h"
#include "wire/mime/header.h"
#include "wire/mime/transfer_encoding.h"

namespace veredus::mime {

/// Octets [begin, end) of the message.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;

  std::size_t size() const noexcept { return end - begin; }
  std::string_view in(std::string_view message) const noexcept {
    return message.substr(begin, end - begin);
  }
  friend bool operator==(const Range&, const Range&) = default;
};

/// A message or a body part.
struct Part {
  enum class Kind : unsigned char {
    leaf,       ///< Content of its own; also whatever lies deeper than the limits.
    multipart,  ///< Children are its body parts; what is around them is preamble and epilogue.
    message,    ///< message/rfc822 or message/global; its one child is the message inside.
  };

  Kind kind = Kind::leaf;
  Range header;              ///< Fields only, without the empty line.
  Range body;                ///< Without the line ending that belongs to the next boundary.
  Header fields;             ///< Borrows the message; its offsets count from header.begin.
  ContentType content_type;  ///< text/plain, or message/rfc822 in a digest, when none is given.
  bool has_content_type = false;  ///< The part says so itself.
  TransferEncoding encoding = TransferEncoding::seven_bit;
  std::vector<Part> children;
};

struct StructureLimits {
  std::size_t depth_max = 50;    ///< Levels of nesting; deeper parts are leaves.
  std::size_t parts_max = 2000;  ///< In the whole message; what follows is in the last part.
};

struct Structure {
  Part root;
  bool over_limit = false;  ///< A limit was hit: some leaf could be taken apart further.
};

/// Takes `message` apart; borrows it. Never fails: a multipart without boundary parameter, or
/// whose boundary never comes, is a leaf, and a missing last boundary is taken as given at the end.
/// The content of a multipart or message/rfc822 whose transfer encoding is not 7bit, 8bit or
/// binary (RFC 2045 §6.4 forbids it) is a leaf.
Structure parse_structure(std::string_view message, const StructureLimits& limits = {});

}  // namespace veredus::mime
