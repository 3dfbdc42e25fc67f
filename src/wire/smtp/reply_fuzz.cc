// A peer's replies, and the list of extensions in them; our own replies with any text.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "wire/smtp/capabilities.h"
#include "wire/smtp/chars.h"
#include "wire/smtp/reply.h"

namespace {

using namespace veredus::smtp;

bool is_plain(std::string_view text) { return all_are(kQuotedPair, text); }

/// A line of UTF-8 without C0 controls.
bool is_line(std::string_view text) {
  return veredus::is_utf8(text) &&
         std::ranges::none_of(text, [](char c) { return is(kControl, c); });
}

void check(const PeerReply& reply) {
  if (reply.code < 200 || reply.code > 599 || reply.lines().empty()) std::abort();
  if (!is_line(reply.text()) || !is_line(reply.verbatim())) std::abort();
  const Capabilities capabilities = Capabilities::parse(reply);
  if (capabilities.entries().size() >= reply.lines().size() && !capabilities.entries().empty())
    std::abort();
  for (const auto& entry : capabilities.entries())
    if (capabilities.find(entry.keyword) == nullptr) std::abort();
}

/// Whatever its text, our reply is one reply, of plain lines within the limit.
void check_ours(std::string_view text) {
  std::string wire = Reply(451, {4, 3, 0}, std::string(text)).render();
  ReplyParser parser({.lines_max = wire.size()});
  for (std::size_t at = 0; at < wire.size();) {
    const std::size_t end = wire.find("\r\n", at);
    if (end == std::string::npos || end + 2 - at > kReplyLineOctetsMax) std::abort();
    const std::string_view line = std::string_view(wire).substr(at, end - at);
    const auto fed = parser.feed(line);
    if (!is_plain(line) || !fed || fed->has_value() != (end + 2 == wire.size())) std::abort();
    at = end + 2;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_ours(text);

  ReplyParser parser;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find("\r\n"), rest.size());
    const auto fed = parser.feed(rest.substr(0, end));
    if (!fed) break;
    if (*fed) check(**fed);
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  return 0;
}
