#include "main/bench/replies.h"

#include "base/text.h"

namespace veredus::bench {
namespace {

constexpr std::size_t kCodeDigits = 3;
constexpr std::string_view kAfterCode = "- \t\r";

/// 0 for what is no reply code.
int code_of(std::string_view line) noexcept {
  if (line.size() < kCodeDigits || line[0] < '2' || line[0] > '5') return 0;
  if (!is_digit(line[1]) || !is_digit(line[2])) return 0;
  if (line.size() > kCodeDigits && !kAfterCode.contains(line[kCodeDigits])) return 0;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

bool is_word_end(std::string_view text, std::size_t at) noexcept {
  return at >= text.size() || text[at] == ' ' || text[at] == '\r' || text[at] == '\n';
}

}  // namespace

FoundReply find_reply(std::string_view input) noexcept {
  int code = 0;
  for (std::size_t begin = 0;;) {
    const std::size_t end = input.find('\n', begin);
    if (end == std::string_view::npos) return {};
    const std::string_view line = input.substr(begin, end - begin);
    const int line_code = code_of(line);
    if (line_code == 0 || (code != 0 && line_code != code))
      return {.kind = FoundReply::Kind::malformed};
    code = line_code;
    begin = end + 1;
    if (line.size() > kCodeDigits && line[kCodeDigits] == '-') continue;
    return {.kind = FoundReply::Kind::complete, .code = code, .text = input.substr(0, begin)};
  }
}

bool announces(std::string_view reply, std::string_view keyword) noexcept {
  std::size_t begin = reply.find('\n');  // The first line is the server's name.
  while (begin != std::string_view::npos && begin + 1 < reply.size()) {
    const std::string_view line = reply.substr(begin + 1);
    const std::size_t at = kCodeDigits + 1;
    if (line.size() > at && istarts_with(line.substr(at), keyword) &&
        is_word_end(line, at + keyword.size()))
      return true;
    begin = reply.find('\n', begin + 1);
  }
  return false;
}

}  // namespace veredus::bench
