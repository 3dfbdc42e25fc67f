#include "wire/mime/content_type.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "base/cursor.h"
#include "base/text.h"
#include "wire/mime/charset.h"
#include "wire/mime/encoded_word.h"
#include "wire/mime/lexer.h"

namespace veredus::mime {
namespace {

constexpr std::size_t kParametersMax = 200;  // Of one field; the rest is dropped.
constexpr unsigned kSegmentsMax = 10000;

/// One parameter as written; RFC 2231 may spread a value over several.
struct Segment {
  std::string name;     ///< Lower-case, up to the first "*".
  std::string value;    ///< Unquoted.
  unsigned number = 0;  ///< The n of name*n.
  bool is_numbered = false;
  bool is_extended = false;  ///< name*= or name*n*=: percent-encoded.
};

/// "name", "name*", "name*3" or "name*3*" (RFC 2231 §7); nothing for other uses of "*".
std::optional<Segment> segment_named(std::string_view text) {
  Segment segment;
  Cursor in(text);
  segment.name = ascii_lower(in.take_while([](char c) { return c != '*'; }));
  if (segment.name.empty()) return std::nullopt;
  if (!in.eat('*')) return segment;
  if (const std::string_view digits = in.take_while(is_digit); !digits.empty()) {
    const auto number = to_number<unsigned>(digits);
    if (!number || *number > kSegmentsMax) return std::nullopt;
    segment.number = *number;
    segment.is_numbered = true;
    if (in.done()) return segment;
    if (!in.eat('*')) return std::nullopt;
  }
  segment.is_extended = true;
  if (!in.done()) return std::nullopt;
  return segment;
}

/// Whether a parameter begins here: some writers forget the semicolon before it.
bool at_parameter(Lexer in) {
  if (in.take_token().empty()) return false;
  in.skip_space();
  return in.peek() == '=';
}

/// An unquoted value: up to the next semicolon, comment or parameter.
std::string take_bare_value(Lexer& in) {
  std::string value;
  while (true) {
    const std::size_t begin = in.position();
    const bool spaced = in.skip_space();
    if (in.done() || in.peek() == ';') return value;
    if (spaced && (in.peek() == '(' || (!value.empty() && at_parameter(in)))) {
      in.go_to(begin);
      return value;
    }
    if (spaced && !value.empty()) value += ' ';
    value += in.take_until(";");
  }
}

std::vector<Segment> take_segments(Lexer& in) {
  std::vector<Segment> segments;
  while (segments.size() < kParametersMax) {
    in.skip_cfws();
    if (in.done()) break;
    if (in.eat(';')) continue;
    const std::string name = in.take_token();
    in.skip_cfws();
    if (!in.eat('=')) {  // A word without value, or something that is no token.
      if (name.empty()) in.eat(in.peek());
      continue;
    }
    in.skip_cfws();
    std::string value = in.peek() == '"' ? in.take_quoted() : take_bare_value(in);
    std::optional<Segment> segment = segment_named(name);
    if (!segment || (value.empty() && !segment->is_numbered)) continue;
    segment->value = std::move(value);
    segments.push_back(std::move(*segment));
  }
  return segments;
}

constexpr int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// %XX as an octet; a percent sign that is none stays.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool may_be = text[i] == '%' && i + 2 < text.size();
    const int high = may_be ? hex_value(text[i + 1]) : -1;
    const int low = may_be ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

/// Takes "charset'language'" off the front of an extended value (RFC 2231 §4).
std::string take_charset(std::string_view& value) {
  const std::size_t first = value.find('\'');
  if (first == std::string_view::npos) return {};
  const std::size_t second = value.find('\'', first + 1);
  if (second == std::string_view::npos) return {};
  std::string charset(value.substr(0, first));
  value.remove_prefix(second + 1);
  return charset;
}

/// Puts the segments of one parameter together.
std::string joined(std::vector<const Segment*> segments) {
  // They stand in one vector in the order they were written, which decides between equal numbers.
  std::ranges::sort(segments, {}, [](const Segment* s) { return std::pair(s->number, s); });
  std::string charset;
  std::string bytes;
  for (bool is_first = true; const Segment* segment : segments) {
    std::string_view value = segment->value;
    if (is_first && segment->is_extended) charset = take_charset(value);
    is_first = false;
    bytes += segment->is_extended ? percent_decoded(value) : std::string(value);
  }
  if (!charset.empty())
    if (auto text = to_utf8(bytes, charset)) return std::move(*text);
  // RFC 2047 §5 forbids encoded words here; many writers use them all the same.
  const bool is_plain = std::ranges::none_of(segments, &Segment::is_extended);
  return is_plain && bytes.contains("=?") ? decode_words(bytes) : bytes;
}

std::vector<Parameter> parameters_of(const std::vector<Segment>& segments) {
  std::vector<Parameter> parameters;
  for (const Segment& segment : segments) {
    const auto known = std::ranges::find(parameters, segment.name, &Parameter::name);
    if (known != parameters.end()) continue;
    std::vector<const Segment*> same;
    for (const Segment& other : segments)
      if (other.name == segment.name) same.push_back(&other);
    // Of title= and title*= the extended one is meant for us (RFC 2231 §4); a repeated plain
    // one is a mistake, and the first counts.
    const auto is_spread = [](const Segment* s) { return s->is_numbered || s->is_extended; };
    if (std::ranges::any_of(same, is_spread)) {
      std::erase_if(same, [&](const Segment* s) { return !is_spread(s); });
    } else {
      same.resize(1);
    }
    parameters.push_back({segment.name, joined(std::move(same))});
  }
  return parameters;
}

}  // namespace

std::optional<std::string_view> ContentType::parameter(std::string_view name) const noexcept {
  const auto found = std::ranges::find(parameters, name, &Parameter::name);
  if (found == parameters.end()) return std::nullopt;
  return found->value;
}

bool ContentType::is(std::string_view wanted_type, std::string_view wanted_subtype) const noexcept {
  return type == wanted_type && subtype == wanted_subtype;
}

Result<ContentType> parse_content_type(std::string_view body) {
  ContentType content;
  Lexer in(body);
  in.skip_cfws();
  content.type = ascii_lower(in.take_token());
  if (content.type.empty()) return fail(Fault::malformed, "no type in the content type");
  in.skip_cfws();
  if (in.eat('/')) {
    in.skip_cfws();
    content.subtype = ascii_lower(in.take_token());
  }
  content.parameters = parameters_of(take_segments(in));
  return content;
}

}  // namespace veredus::mime
