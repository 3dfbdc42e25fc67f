#include "wire/mime/header.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "wire/mime/charset.h"

namespace veredus::mime {
namespace {

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
/// ftext of RFC 5322 §3.6.8: printable ASCII without the colon.
constexpr bool is_name_char(char c) noexcept { return c > ' ' && c < '\x7F' && c != ':'; }

/// The line that begins at `at`, with its ending.
std::string_view line_at(std::string_view text, std::size_t at) noexcept {
  const std::size_t end = text.find('\n', at);
  return text.substr(at, end == std::string_view::npos ? end : end + 1 - at);
}

std::string_view without_ending(std::string_view line) noexcept {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_mbox_separator(std::string_view line) noexcept {
  return line.starts_with("From ") || line.starts_with(">From ");
}

/// The octets of the field name that `line` begins with, or nothing when it is no field.
std::optional<std::size_t> name_octets(std::string_view line) noexcept {
  const auto* const end = std::ranges::find_if_not(line, is_name_char);
  const auto* const colon = std::find_if_not(end, line.end(), is_blank);
  if (end == line.begin() || colon == line.end() || *colon != ':') return std::nullopt;
  return static_cast<std::size_t>(end - line.begin());
}

enum class LineKind : unsigned char { field, continuation, empty, separator, other };

LineKind kind_of(std::string_view line, bool is_first, bool has_field) noexcept {
  if (without_ending(line).empty()) return LineKind::empty;
  if (is_blank(line.front())) return has_field ? LineKind::continuation : LineKind::other;
  if (is_first && is_mbox_separator(line)) return LineKind::separator;
  return name_octets(line) ? LineKind::field : LineKind::other;
}

/// Completes the field that ends at `end`, now that its folding is known.
void close_field(std::string_view message, std::size_t end, Header& header) {
  if (header.fields.empty()) return;
  Field& field = header.fields.back();
  if (field.octets != 0) return;
  field.octets = end - field.offset;
  const std::string_view whole = without_ending(message.substr(field.offset, field.octets));
  field.body = whole.substr(whole.find(':') + 1);
}

void open_field(std::string_view message, std::size_t begin, Header& header) {
  const std::string_view line = line_at(message, begin);
  header.fields.push_back({line.substr(0, *name_octets(line)), {}, begin, 0});
}

}  // namespace

const Field* Header::find(std::string_view name) const noexcept {
  const auto found =
      std::ranges::find_if(fields, [&](const Field& field) { return iequals(field.name, name); });
  return found == fields.end() ? nullptr : &*found;
}

std::vector<const Field*> Header::find_all(std::string_view name) const {
  std::vector<const Field*> found;
  for (const Field& field : fields)
    if (iequals(field.name, name)) found.push_back(&field);
  return found;
}

Header scan_header(std::string_view message, const HeaderLimits& limits) {
  Header header;
  std::size_t at = 0;
  for (bool is_first = true; at < message.size(); is_first = false) {
    const std::string_view line = line_at(message, at);
    const LineKind kind = kind_of(line, is_first, !header.fields.empty());
    if (kind == LineKind::empty || kind == LineKind::other) {
      header.has_empty_line = kind == LineKind::empty;
      break;
    }
    header.over_limit = at + line.size() > limits.octets_max ||
                        (kind == LineKind::field && header.fields.size() == limits.fields_max);
    if (header.over_limit) break;
    if (kind == LineKind::field) {
      close_field(message, at, header);
      open_field(message, at, header);
    }
    at += line.size();
  }
  close_field(message, at, header);
  header.end_offset = at;
  header.body_offset = at + (header.has_empty_line ? line_at(message, at).size() : 0);
  return header;
}

std::string unfold(std::string_view body) {
  std::string line;
  line.reserve(body.size());
  for (const char c : body)
    if (c != '\n') {
      line += c;
    } else if (line.ends_with('\r')) {
      line.pop_back();
    }
  return std::string(trim(line));
}

void HeaderScanner::feed(std::string_view chunk) {
  while (wants_more() && !chunk.empty()) {
    const std::size_t end = chunk.find('\n');
    const std::string_view piece = chunk.substr(0, end == chunk.npos ? end : end + 1);
    kept_ += piece.substr(0, octets_max_ - kept_.size());
    chunk.remove_prefix(piece.size());
    if (end != std::string_view::npos && kept_.ends_with('\n')) take_line();
    if (wants_more() && kept_.size() == octets_max_) conclude(State::over_limit);
  }
}

void HeaderScanner::finish() {
  if (wants_more() && line_begin_ < kept_.size()) take_line();
  if (wants_more()) conclude(State::ended);
}

void HeaderScanner::take_line() {
  const std::string_view line = std::string_view(kept_).substr(line_begin_);
  switch (kind_of(line, line_begin_ == 0, has_field_)) {
    case LineKind::empty:
    case LineKind::other:
      kept_.resize(line_begin_);
      conclude(State::ended);
      return;
    case LineKind::field:
      has_field_ = true;
      if (iequals(line.substr(0, *name_octets(line)), "Received")) ++received_count_;
      break;
    case LineKind::continuation:
    case LineKind::separator:
      break;
  }
  line_begin_ = kept_.size();
}

void HeaderScanner::conclude(State state) {
  state_ = state;
  const Header header = scan_header(kept_, {octets_max_, octets_max_});
  if (const Field* id = header.find("Message-ID")) message_id_ = unfold(id->body);
  has_date_ = header.find("Date") != nullptr;
  has_from_ = header.find("From") != nullptr;
  has_eight_bit_ = !is_ascii(kept_);
}

}  // namespace veredus::mime
