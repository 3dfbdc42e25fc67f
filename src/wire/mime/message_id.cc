#include "wire/mime/message_id.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "wire/mime/lexer.h"

namespace veredus::mime {
namespace {

/// Call behind "<": the id up to ">", or nothing when that is missing.
std::optional<std::string> take_id(Lexer& in) {
  std::string id;
  while (true) {
    in.skip_cfws();
    if (in.done()) return std::nullopt;
    if (in.eat('>')) return id;
    if (in.peek() == '"') {
      const std::size_t begin = in.position();
      const std::string_view rest = in.rest();
      in.take_quoted();
      id += rest.substr(0, in.position() - begin);
    } else {
      id += in.take_until(">(\"");
    }
  }
}

/// Skips to the next "<" outside of comments; false when there is none.
bool find_id(Lexer& in) {
  while (true) {
    in.skip_cfws();
    if (in.done()) return false;
    if (in.eat('<')) return true;
    if (in.take_until("<(").empty()) return false;
  }
}

}  // namespace

std::string make_message_id(std::chrono::system_clock::time_point time, std::uint64_t random,
                            std::string_view hostname) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("<{:x}.{:016x}@{}>", seconds.time_since_epoch().count(), random, hostname);
}

Result<std::string> parse_message_id(std::string_view body) {
  Lexer in(body);
  if (!find_id(in)) return fail(Fault::malformed, "no \"<\" in the message id");
  std::optional<std::string> id = take_id(in);
  if (!id) return fail(Fault::malformed, "no \">\" in the message id");
  if (id->empty()) return fail(Fault::malformed, "empty message id");
  return std::move(*id);
}

std::vector<std::string> message_ids(std::string_view body, std::size_t ids_max) {
  std::vector<std::string> ids;
  if (!body.contains('<')) {
    if (const std::string_view id = trim(body); !id.empty() && ids_max > 0) ids.emplace_back(id);
    return ids;
  }
  Lexer in(body);
  while (ids.size() < ids_max && find_id(in)) {
    std::optional<std::string> id = take_id(in);
    if (!id) break;
    if (!id->empty()) ids.push_back(std::move(*id));
  }
  return ids;
}

}  // namespace veredus::mime
