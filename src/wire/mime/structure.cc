#include "wire/mime/structure.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"

namespace veredus::mime {
namespace {

/// A boundary line and the line ending before it, which is part of it (RFC 2046 §5.1.1).
struct Delimiter {
  std::size_t begin;
  std::size_t end;
  bool is_last;
};

ContentType plain_text() { return {"text", "plain", {}}; }

std::string_view line_at(std::string_view text, std::size_t at) noexcept {
  const std::size_t end = text.find('\n', at);
  return text.substr(at, end == std::string_view::npos ? end : end + 1 - at);
}

/// How long the line ending is that `text` has before `at`.
std::size_t ending_before(std::string_view text, std::size_t at) noexcept {
  const std::string_view before = text.substr(0, at);
  if (before.ends_with("\r\n")) return 2;
  return before.ends_with('\n') ? 1 : 0;
}

class Walker {
 public:
  Walker(std::string_view message, const StructureLimits& limits)
      : message_(message), limits_(limits) {}

  Structure walk() {
    Structure structure;
    structure.root = part({0, message_.size()}, plain_text(), 0);
    structure.over_limit = over_limit_;
    return structure;
  }

 private:
  Part part(Range range, ContentType type, std::size_t depth) {
    ++parts_;
    Part part;
    part.fields = scan_header(range.in(message_));
    part.header = {range.begin, range.begin + part.fields.end_offset};
    part.body = {range.begin + part.fields.body_offset, range.end};
    part.content_type = std::move(type);
    if (part.fields.over_limit) {
      over_limit_ = true;
      return part;
    }
    read_fields(part);
    enter(part, depth);
    return part;
  }

  static void read_fields(Part& part) {
    if (const Field* field = part.fields.find("Content-Transfer-Encoding"))
      part.encoding = parse_transfer_encoding(field->body);
    const Field* field = part.fields.find("Content-Type");
    if (field == nullptr) return;
    part.has_content_type = true;
    Result<ContentType> type = parse_content_type(field->body);
    // RFC 2045 §5.2: what cannot be understood is plain text.
    part.content_type = type && !type->subtype.empty() ? std::move(*type) : plain_text();
  }

  void enter(Part& part, std::size_t depth) {
    const bool is_message =
        part.content_type.is("message", "rfc822") || part.content_type.is("message", "global");
    const bool is_multipart = part.content_type.type == "multipart";
    const bool is_plain = part.encoding == TransferEncoding::seven_bit ||
                          part.encoding == TransferEncoding::eight_bit ||
                          part.encoding == TransferEncoding::binary;
    if (!is_plain || (!is_message && !is_multipart)) return;
    if (depth == limits_.depth_max || parts_ >= limits_.parts_max) {
      over_limit_ = true;
      return;
    }
    if (is_multipart) {
      split(part, depth);
      return;
    }
    part.kind = Part::Kind::message;
    part.children.push_back(this->part(part.body, plain_text(), depth + 1));
  }

  void split(Part& part, std::size_t depth) {
    const auto boundary = part.content_type.parameter("boundary");
    if (!boundary || boundary->empty()) return;
    const std::string dashes = "--" + std::string(trim(*boundary));
    const bool is_digest = part.content_type.subtype == "digest";
    auto delimiter = find(dashes, part.body.begin, part.body);
    if (!delimiter || delimiter->is_last) return;
    part.kind = Part::Kind::multipart;
    while (delimiter && !delimiter->is_last) {
      const std::size_t begin = delimiter->end;
      const bool is_full = parts_ + 1 >= limits_.parts_max;
      over_limit_ = over_limit_ || is_full;
      delimiter = is_full ? std::nullopt : find(dashes, begin, part.body);
      const Range range{begin, delimiter ? delimiter->begin : part.body.end};
      ContentType type = is_digest ? ContentType{"message", "rfc822", {}} : plain_text();
      part.children.push_back(this->part(range, std::move(type), depth + 1));
    }
  }

  /// The first boundary line from `at` on, which is the beginning of a line.
  std::optional<Delimiter> find(std::string_view dashes, std::size_t at, const Range& body) const {
    const std::string_view text = message_.substr(0, body.end);
    for (std::size_t begin = at; begin < body.end;) {
      const std::string_view line = line_at(text, begin);
      if (line.starts_with(dashes)) {
        std::string_view padding = line.substr(dashes.size());
        const bool is_last = padding.starts_with("--");
        if (is_last) padding.remove_prefix(2);
        if (trim(padding).empty())
          // An empty part has its header's line ending only once.
          return Delimiter{std::max(at, begin - ending_before(text, begin)), begin + line.size(),
                           is_last};
      }
      begin += line.size();
    }
    return std::nullopt;
  }

  std::string_view message_;
  StructureLimits limits_;
  std::size_t parts_ = 0;
  bool over_limit_ = false;
};

}  // namespace

Structure parse_structure(std::string_view message, const StructureLimits& limits) {
  return Walker(message, limits).walk();
}

}  // namespace veredus::mime
