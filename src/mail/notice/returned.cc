#include "mail/notice/returned.h"

#include <algorithm>
#include <string_view>

#include "base/utf8.h"
#include "wire/mime/charset.h"
#include "wire/mime/convert_8bit.h"
#include "wire/mime/header.h"

namespace veredus::notice {

namespace {

constexpr std::size_t kLineOctetsMax = 998;  // RFC 5322 §2.1.1
constexpr std::size_t kHeaderOctetsMax = std::size_t{64} * 1024;

/// Takes the next line off `text`, with its ending if it has one.
std::string_view take_line(std::string_view& text) {
  const std::size_t newline = text.find('\n');
  const std::string_view line = text.substr(0, newline == text.npos ? text.size() : newline + 1);
  text.remove_prefix(line.size());
  return line;
}

/// All lines end with CRLF, are short enough and hold no NUL, CR or LF.
bool is_transportable(std::string_view message) {
  while (!message.empty()) {
    std::string_view line = take_line(message);
    if (!line.ends_with("\r\n")) return false;
    line.remove_suffix(2);
    if (line.size() > kLineOctetsMax || line.find('\r') != line.npos || line.contains('\0'))
      return false;
  }
  return true;
}

/// A line as it may stand in a header: bare CR and NUL become '?', what is too long is folded.
void append_mended(std::string& out, std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) return;
  for (std::string_view rest = line; !rest.empty();) {
    const std::size_t begin = out.size();
    if (rest.size() < line.size()) out += ' ';
    out += rest.substr(0, kLineOctetsMax - 1);
    std::ranges::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
        [](char c) { return c == '\r' || c == '\0'; }, '?');
    out += "\r\n";
    rest.remove_prefix(std::min(rest.size(), kLineOctetsMax - 1));
  }
}

std::string mended_header(std::string_view start, const mime::Header& header) {
  std::string out;
  for (const mime::Field& field : header.fields) {
    std::string_view octets = start.substr(field.offset, field.octets);
    if (out.size() + octets.size() > kHeaderOctetsMax) break;
    while (!octets.empty()) append_mended(out, take_line(octets));
  }
  return out;
}

/// RFC 6533 §4: what has UTF-8 in its header is returned under names of its own.
bool is_global(std::string_view header) { return !mime::is_ascii(header) && is_utf8(header); }

}  // namespace

Returned returned_part(const queue::NoticeRequest& request, std::uint64_t bytes_max) {
  const queue::Envelope& envelope = request.envelope;
  const std::string_view start = request.start;
  const mime::Header header = mime::scan_header(start);
  const bool may_be_whole = request.kind == queue::NoticeKind::failure &&
                            envelope.ret != smtp::Ret::headers && envelope.size <= bytes_max &&
                            envelope.size == start.size();
  const bool is_whole = may_be_whole && is_transportable(start);
  if (is_whole && is_global(start.substr(0, header.end_offset)))
    return {"message/global", std::string(start)};
  // Nothing but its parts may be encoded in a message/rfc822 (RFC 2046 §5.2.1), and not all can be.
  if (is_whole && mime::to_seven_bit(start)) return {"message/rfc822", std::string(start)};
  std::string mended = mended_header(start, header);
  const bool global = is_global(mended);
  return {global ? "message/global-headers" : "text/rfc822-headers", std::move(mended), is_whole};
}

}  // namespace veredus::notice
