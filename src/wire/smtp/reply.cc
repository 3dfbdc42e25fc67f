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
constexpr std::size_t kCapacityKept = 1024;  // Of a peer's last reply, for its next one.

/// Writes its text to `at`, which has room for it, and returns the end.
char* write_status(const EnhancedStatus& status, char* at, char* end) noexcept {
  at = std::to_chars(at, end, status.klass()).ptr;
  for (const int number : {status.subject(), status.detail()}) {
    *at++ = '.';
    at = std::to_chars(at, end, number).ptr;
  }
  return at;
}

/// What each line of a reply begins with: `code "-" [status SP]`.
class Prefix {
 public:
  Prefix(int code, const std::optional<EnhancedStatus>& status) noexcept {
    char* const end = octets_.data() + octets_.size();
    char* at = std::to_chars(octets_.data(), end, code).ptr;
    *at++ = '-';
    if (status) {
      at = write_status(*status, at, end);
      *at++ = ' ';
    }
    size_ = static_cast<std::size_t>(at - octets_.data());
  }
  std::string_view text() const noexcept { return {octets_.data(), size_}; }
  /// Where the '-' is, which the last line has a space for.
  static constexpr std::size_t kSeparator = 3;

 private:
  std::array<char, sizeof("599-5.999.999 ")> octets_{};
  std::size_t size_;
};

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

/// Appends `line`, folded where it is too long for one. Returns where the last one begins.
std::size_t append_line(std::string& wire, std::string_view prefix, std::string_view line) {
  const std::size_t width = kReplyLineOctetsMax - prefix.size() - kCrLf.size();
  std::string cleaned;
  if (!is_clean(line)) cleaned = clean(line);
  std::string_view rest = cleaned.empty() ? line : cleaned;
  std::size_t begin = 0;
  do {
    const std::size_t count = fold_at(rest, width);
    begin = wire.size();
    wire.append(prefix).append(rest.substr(0, count)).append(kCrLf);
    rest.remove_prefix(count);
    if (rest.starts_with(' ')) rest.remove_prefix(1);
  } while (!rest.empty());
  return begin;
}

std::string_view first_word(std::string_view text) noexcept {
  return text.substr(0, text.find(' '));
}

/// The status at the front of a reply text, or nothing.
std::string_view status_word(std::string_view text) noexcept {
  return EnhancedStatus::leading(text) ? first_word(text) : std::string_view();
}

std::string_view without_status(std::string_view text) noexcept {
  text.remove_prefix(status_word(text).size());
  const std::size_t begin = text.find_first_not_of(' ');
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

void join(std::string& out, std::string_view text) {
  if (text.empty()) return;
  if (!out.empty()) out += ' ';
  if (is_clean(text))
    out += text;
  else
    out += readable(text, std::string_view::npos);
}

/// Calls `visit` with each line of what a peer said.
template <class Visit>
void for_each_line(std::string_view said, Visit visit) {
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = said.find('\n');
    visit(said.substr(0, end));
    if (end != std::string_view::npos) said.remove_prefix(end + 1);
  }
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
  const auto status = leading(text);
  if (!status || text.contains(' ')) return fail(Fault::malformed, "bad enhanced status code");
  return *status;
}

std::optional<EnhancedStatus> EnhancedStatus::leading(std::string_view text) noexcept {
  std::array<int, 3> numbers{};
  Cursor in(first_word(text));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0 && !in.eat('.')) return std::nullopt;
    const std::string_view digits = in.take_while(is_digit);
    const auto number = to_number<int>(digits);
    if (!number || digits.size() > 3) return std::nullopt;
    numbers[i] = *number;
  }
  if (!in.done() || !is_valid(numbers[0], numbers[1], numbers[2])) return std::nullopt;
  return EnhancedStatus(Checked{}, numbers[0], numbers[1], numbers[2]);
}

std::string EnhancedStatus::text() const {
  std::array<char, sizeof("2.999.999")> buffer;
  char* const end = write_status(*this, buffer.data(), buffer.data() + buffer.size());
  return {buffer.data(), end};  // Short enough to need no allocation.
}

Reply::Reply(int code, EnhancedStatus status, std::string text)
    : text_(std::move(text)), code_(code), status_(status) {
  assert(code >= 200 && code <= 599 && code / 100 == status.klass());
}

Reply::Reply(int code, std::string text) : text_(std::move(text)), code_(code) {
  assert(code >= 200 && code <= 599);
}

Reply& Reply::add_line(std::string text) & {
  more_.push_back(std::move(text));
  return *this;
}

Reply&& Reply::add_line(std::string text) && { return std::move(add_line(std::move(text))); }

void Reply::append_to(std::string& wire) const {
  const Prefix prefix(code_, status_);
  std::size_t last = append_line(wire, prefix.text(), text_);
  for (const std::string& line : more_) last = append_line(wire, prefix.text(), line);
  wire[last + Prefix::kSeparator] = ' ';
}

std::string Reply::render() const {
  std::string wire;
  wire.reserve(kReplyLineOctetsMax);
  append_to(wire);
  return wire;
}

std::vector<std::string_view> PeerReply::lines() const {
  std::vector<std::string_view> lines;
  for_each_line(said, [&](std::string_view line) { lines.push_back(line); });
  return lines;
}

std::string PeerReply::text() const {
  std::string out;
  for_each_line(said,
                [&](std::string_view line) { join(out, status ? without_status(line) : line); });
  return out;
}

std::string PeerReply::verbatim() const {
  std::string out = std::to_string(code);
  out.reserve(out.size() + 1 + said.size());
  const std::string_view first = status_word(std::string_view(said).substr(0, said.find('\n')));
  for_each_line(said, [&](std::string_view line) {
    const bool is_first = line.data() == said.data();
    const std::string_view word = is_first ? std::string_view() : status_word(line);
    join(out, !word.empty() && word == first ? without_status(line) : line);
  });
  return out;
}

Result<std::optional<PeerReply>> ReplyParser::feed(std::string_view line) {
  const Result<bool> complete = feed(line, reply_);
  if (!complete) return fail(complete.error());
  if (!*complete) return std::nullopt;
  return std::exchange(reply_, PeerReply());
}

Result<bool> ReplyParser::feed(std::string_view line, PeerReply& reply) {
  if (line.size() > limits_.line_octets_max)
    return fail(Fault::malformed, "the peer's reply has a line that is too long");
  if (std::ranges::any_of(line, [](char c) { return c == '\r' || c == '\n' || c == '\0'; }))
    return fail(Fault::malformed, "the peer's reply has a line end or NUL inside a line");
  const auto code = parse_code(line);
  const char separator = line.size() > 3 ? line[3] : ' ';
  if (!code || (separator != ' ' && separator != '-' && separator != '\t'))
    return fail(Fault::malformed, "the peer's reply is not SMTP: " + printable(line, 80));
  if (is_inside() && *code != reply.code)
    return fail(Fault::malformed, "the peer's reply has two different codes");
  if (lines_ == limits_.lines_max)
    return fail(Fault::malformed, "the peer's reply has too many lines");

  const std::string_view text = line.substr(std::min<std::size_t>(line.size(), 4));
  if (is_inside()) {
    reply.said += '\n';
  } else {
    reply.code = *code;
    if (reply.said.capacity() > kCapacityKept) std::string().swap(reply.said);
    reply.said.clear();
    reply.status = EnhancedStatus::leading(text);
    if (reply.status && reply.status->klass() != *code / 100) reply.status.reset();
  }
  reply.said += text;
  lines_ = separator == '-' ? lines_ + 1 : 0;
  return !is_inside();
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
