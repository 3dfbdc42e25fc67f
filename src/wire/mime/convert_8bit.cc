#include "wire/mime/convert_8bit.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "wire/mime/charset.h"
#include "wire/mime/structure.h"
#include "wire/mime/transfer_encoding.h"

namespace veredus::mime {
namespace {

constexpr std::string_view kEncodingField = "Content-Transfer-Encoding";

/// Octets to be put in the place of a range of the message.
struct Edit {
  Range range;
  std::string text;
};

std::string_view encoding_name(TransferEncoding encoding) noexcept {
  switch (encoding) {
    case TransferEncoding::base64:
      return "base64";
    case TransferEncoding::quoted_printable:
      return "quoted-printable";
    default:
      return "7bit";
  }
}

/// Finds out what has to change, part by part, in the order of the message.
class Converter {
 public:
  explicit Converter(std::string_view message)
      : message_(message), ending_(message.contains("\r\n") ? "\r\n" : "\n") {}

  Result<> convert(const Part& part, bool is_message) {
    if (!is_ascii(part.header.in(message_)) || part.fields.over_limit)
      return fail(Fault::refused,
                  "8-bit characters in a header field, and the next hop takes none");
    switch (part.kind) {
      case Part::Kind::leaf:
        return convert_leaf(part, is_message);
      case Part::Kind::multipart:
      case Part::Kind::message:
        return convert_composite(part, is_message);
    }
    return {};
  }

  /// The message with all edits made; they were found in the order of their places.
  std::string result() {
    std::string out;
    std::size_t at = 0;
    for (const Edit& edit : edits_) {
      out += message_.substr(at, edit.range.begin - at);
      out += edit.text;
      at = edit.range.end;
    }
    return out + std::string(message_.substr(at));
  }

 private:
  Result<> convert_leaf(const Part& part, bool is_message) {
    const std::string_view body = part.body.in(message_);
    if (is_ascii(body)) {
      if (part.encoding == TransferEncoding::eight_bit)
        set_encoding(part, TransferEncoding::seven_bit, is_message);
      return {};
    }
    const auto encoding = encoding_for(part);
    if (!encoding)
      return fail(Fault::refused, "8-bit content of type " + part.content_type.type + "/" +
                                      part.content_type.subtype +
                                      " that may not be encoded, and the next hop takes none");
    const std::string content = decode_transfer(part.encoding, body);
    const bool is_quoted = *encoding == TransferEncoding::quoted_printable;
    // Before the body's edit: an empty header and the body may begin at the same place.
    set_encoding(part, *encoding, is_message);
    edits_.push_back({part.body, is_quoted ? encode_quoted_printable(content)
                                           : with_endings(encode_base64(content))});
    return {};
  }

  /// How to encode a leaf that has 8-bit octets, or nothing when it must stay as it is.
  static std::optional<TransferEncoding> encoding_for(const Part& part) {
    const ContentType& type = part.content_type;
    if (part.encoding == TransferEncoding::unknown) return std::nullopt;
    // Octets that an encoded body should not have had: encode it anew, and soundly.
    if (part.encoding == TransferEncoding::base64 ||
        part.encoding == TransferEncoding::quoted_printable)
      return part.encoding;
    // RFC 2045 §6.4, RFC 2046 §5.2: composite types take no encoding.
    if (type.type == "multipart" || type.is("message", "rfc822") || type.is("message", "global") ||
        type.is("message", "partial") || type.is("message", "external-body"))
      return std::nullopt;
    return type.type == "text" || type.type == "message" ? TransferEncoding::quoted_printable
                                                         : TransferEncoding::base64;
  }

  Result<> convert_composite(const Part& part, bool is_message) {
    if (part.encoding != TransferEncoding::seven_bit)
      set_encoding(part, TransferEncoding::seven_bit, is_message);
    std::size_t at = part.body.begin;
    for (const Part& child : part.children) {
      mask({at, child.header.begin});
      const Result<> done = convert(child, part.kind == Part::Kind::message);
      if (!done) return done;
      at = child.body.end;
    }
    mask({at, part.body.end});
    return {};
  }

  /// Preamble or epilogue.
  void mask(Range range) {
    const std::string_view text = range.in(message_);
    if (is_ascii(text)) return;
    std::string masked(text);
    std::ranges::replace_if(
        masked, [](char c) { return static_cast<unsigned char>(c) > 0x7F; }, '?');
    edits_.push_back({range, std::move(masked)});
  }

  /// Makes the header say that the body is in `encoding`.
  void set_encoding(const Part& part, TransferEncoding encoding, bool is_message) {
    std::string field = std::string(kEncodingField) + ": " + std::string(encoding_name(encoding));
    std::string added;
    if (is_message && part.fields.find("MIME-Version") == nullptr)
      added += "MIME-Version: 1.0" + std::string(ending_);
    if (is_message && !part.has_content_type && encoding == TransferEncoding::quoted_printable)
      added += "Content-Type: text/plain; charset=unknown-8bit" + std::string(ending_);
    const std::vector<const Field*> present = part.fields.find_all(kEncodingField);
    for (bool is_first = true; const Field* old : present) {
      const std::size_t begin = part.header.begin + old->offset;
      const Range range{begin, begin + old->octets};
      edits_.push_back({range, std::exchange(is_first, false) ? field + std::string(ending_) : ""});
    }
    if (present.empty()) added += field + std::string(ending_);
    // Without the empty line the first line of the encoded body might be read as a field.
    if (!part.fields.has_empty_line && part.body.size() > 0) added += ending_;
    if (!added.empty()) edits_.push_back({{part.header.end, part.header.end}, std::move(added)});
  }

  /// Lines of base64 with the line ending that the message has.
  std::string with_endings(std::string base64) const {
    if (ending_ == "\n") std::erase(base64, '\r');
    return base64;
  }

  std::string_view message_;
  std::string_view ending_;
  std::vector<Edit> edits_;
};

}  // namespace

bool needs_eight_bit(std::string_view message) noexcept { return !is_ascii(message); }

Result<std::string> to_seven_bit(std::string_view message) {
  if (is_ascii(message)) return std::string(message);
  const Structure structure = parse_structure(message);
  Converter converter(message);
  if (const Result<> done = converter.convert(structure.root, true); !done)
    return fail(done.error());
  return converter.result();
}

}  // namespace veredus::mime
