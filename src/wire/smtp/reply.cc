#include "wire/smtp/reply.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <utility>

#include "base/cursor.h"
#include "base/text.h"
#include "base/utf8.h"
#include "wire/smtp/chars.h"

namespace veredus::smtp {

namespace {

constexpr std::string_view kCrLf = "\r\n";

bool is_clean(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return is(kQuotedPair, c); });
}

/// Fit for a reply line: blanks for tabs and line ends, \xNN for other controls and 8-bit octets.
std::string clean(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '\r' || c == '\n' || c == '\t') {
      out += ' ';
    } else if (is(kQuotedPair, c)) {
      out += c;
    } else {
      out += printable(std::string_view(&c, 1));
    }
  }
  return out;
}

/// How much of `text` goes on a line of `width` octets: to the last space that fits, if there is
/// one not too far back.
std::size_t fold_at(std::string_view text, std::size_t width) noexcept {
  if (text.size() <= width) return text.size();
  const std::size_t space = text.rfind(' ', width);
  return space == std::string_view::npos || space < width / 2 ? width : space;
}

/// The status at the front of a reply text, or nothing.
std::string_view status_word(std::string_view text) noexcept {
  const std::string_view word = text.substr(0, text.find(' '));
  return EnhancedStatus::parse(word) ? word : std::string_view();
}

std::string_view without_status(std::string_view text) noexcept {
  text.remove_prefix(status_word(text).size());
  const std::size_t begin = text.find_first_not_of(' ');
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

void join(std::string& out, std::string_view text) {
  if (text.empty()) return;
  if (!out.empty()) out += ' ';
  out += readable(text, std::string_view::npos);
}

/// The code at the front of a reply line; 2yz to 5yz (RFC 5321 §4.2.1).
std::optional<int> parse_code(std::string_view line) noexcept {
  if (line.size() < 3) return std::nullopt;
  const auto code = to_number<int>(line.substr(0, 3));
  if (!code || *code < 200 || *code > 599) return std::nullopt;
  return code;
}

}  // namespace

Result<EnhancedStatus> EnhancedStatus::parse(std::string_view text) {
  std::array<int, 3> numbers{};
  Cursor in(text);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0 && !in.eat('.')) return fail(Fault::malformed, "bad enhanced status code");
    const std::string_view digits = in.take_while(is_digit);
    const auto number = to_number<int>(digits);
    if (!number || digits.size() > 3) return fail(Fault::malformed, "bad enhanced status code");
    numbers[i] = *number;
  }
  if (!in.done() || !is_valid(numbers[0], numbers[1], numbers[2]))
    return fail(Fault::malformed, "bad enhanced status code");
  return EnhancedStatus(Checked{}, numbers[0], numbers[1], numbers[2]);
}

std::string EnhancedStatus::text() const {
  std::array<char, sizeof("2.999.999")> buffer;
  char* at = buffer.data();
  char* const end = buffer.data() + buffer.size();
  for (const int number : {klass(), subject(), detail()}) {
    if (at != buffer.data()) *at++ = '.';
    at = std::to_chars(at, end, number).ptr;
  }
  return {buffer.data(), at};  // Short enough to need no allocation.
}

Reply::Reply(int code, EnhancedStatus status, std::string text) : code_(code), status_(status) {
  assert(code >= 200 && code <= 599 && code / 100 == status.klass());
  lines_.push_back(std::move(text));
}

Reply::Reply(int code, std::string text) : code_(code) {
  assert(code >= 200 && code <= 599);
  lines_.push_back(std::move(text));
}

Reply& Reply::add_line(std::string text) & {
  lines_.push_back(std::move(text));
  return *this;
}

Reply&& Reply::add_line(std::string text) && { return std::move(add_line(std::move(text))); }

void Reply::append_to(std::string& wire) const {
  const std::string code = std::to_string(code_);
  std::string status;
  if (status_) status = status_->text() + ' ';
  const std::size_t width = kReplyLineOctetsMax - code.size() - 1 - status.size() - kCrLf.size();
  std::size_t last_separator = 0;
  for (const std::string& line : lines_) {
    std::string cleaned;
    if (!is_clean(line)) cleaned = clean(line);
    std::string_view rest = cleaned.empty() ? line : cleaned;
    do {
      const std::size_t count = fold_at(rest, width);
      last_separator = wire.size() + code.size();
      wire.append(code).append("-").append(status).append(rest.substr(0, count)).append(kCrLf);
      rest.remove_prefix(count);
      if (rest.starts_with(' ')) rest.remove_prefix(1);
    } while (!rest.empty());
  }
  wire[last_separator] = ' ';
}

std::string Reply::render() const {
  std::string wire;
  wire.reserve(kReplyLineOctetsMax);
  append_to(wire);
  return wire;
}

std::string PeerReply::text() const {
  std::string out;
  for (const std::string& line : lines) join(out, status ? without_status(line) : line);
  return out;
}

std::string PeerReply::verbatim() const {
  std::string out = std::to_string(code);
  std::string_view said;
  for (const std::string& line : lines) {
    const std::string_view word = status_word(line);
    join(out, !word.empty() && word == said ? without_status(line) : line);
    if (&line == &lines.front()) said = word;
  }
  return out;
}

Result<std::optional<PeerReply>> ReplyParser::feed(std::string_view line) {
  if (line.size() > limits_.line_octets_max)
    return fail(Fault::malformed, "the peer's reply has a line that is too long");
  if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
    return fail(Fault::malformed, "the peer's reply has a line end or NUL inside a line");
  const auto code = parse_code(line);
  const char separator = line.size() > 3 ? line[3] : ' ';
  if (!code || (separator != ' ' && separator != '-' && separator != '\t'))
    return fail(Fault::malformed, "the peer's reply is not SMTP: " + printable(line, 80));
  if (is_inside() && *code != reply_.code)
    return fail(Fault::malformed, "the peer's reply has two different codes");
  if (reply_.lines.size() == limits_.lines_max)
    return fail(Fault::malformed, "the peer's reply has too many lines");

  reply_.code = *code;
  reply_.lines.emplace_back(line.substr(std::min<std::size_t>(line.size(), 4)));
  if (separator == '-') return std::nullopt;
  const auto status = EnhancedStatus::parse(status_word(reply_.lines.front()));
  if (status && status->klass() == reply_.code / 100) reply_.status = *status;
  return std::exchange(reply_, PeerReply());
}

Reply reply_for(const Error& error) {
  switch (error.fault()) {
    case Fault::malformed:
      return Reply(501, {5, 5, 4}, error.text());
    case Fault::refused:
      return Reply(550, {5, 7, 1}, error.text());
    case Fault::unavailable:
      return Reply(451, {4, 3, 0}, error.text());
    case Fault::overloaded:
      return Reply(452, {4, 3, 1}, error.text());
    case Fault::cancelled:
      return Reply(421, {4, 3, 2}, error.text());
  }
  std::unreachable();
}

Reply reply_for_sender(const Error& error) {
  if (error.fault() == Fault::malformed) return Reply(501, {5, 1, 7}, error.text());
  if (error.fault() == Fault::refused) return Reply(550, {5, 6, 7}, error.text());
  return reply_for(error);
}

Reply reply_for_recipient(const Error& error) {
  if (error.fault() == Fault::malformed) return Reply(501, {5, 1, 3}, error.text());
  if (error.fault() == Fault::refused) return Reply(553, {5, 6, 7}, error.text());
  return reply_for(error);
}

Reply reply_for_params(const Error& error) {
  if (error.fault() == Fault::refused) return Reply(555, {5, 5, 4}, error.text());
  if (error.fault() == Fault::overloaded) return Reply(501, {5, 5, 4}, error.text());
  return reply_for(error);
}

}  // namespace veredus::smtp
