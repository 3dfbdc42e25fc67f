// Encoded words in header fields: =?charset?Q?text?= and =?charset?B?text?= (RFC 2047).

#pragma once

#include <string>
#include <string_view>

namespace veredus::mime {

/// Unfolds an unstructured field body or a phrase and decodes its encoded words to UTF-8.
///
///   encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?="
///
/// White space between two encoded words is dropped (RFC 2047 §6.2), and adjacent ones of one
/// charset are decoded as one, since writers cut characters in two. Tolerant: spaces and folding
/// inside Q text, over-long words, words glued to other text. What cannot be decoded stays as it
/// was written; outer white space stays. The result may hold any character, control ones included.
std::string decode_words(std::string_view text);

}  // namespace veredus::mime
