#include "wire/sasl/client_first.h"

#include <optional>
#include <utility>

#include "base/cursor.h"

namespace veredus::sasl {
namespace {

/// saslname: "," and "=" are written as =2C and =3D (RFC 5802 §5.1).
std::optional<std::string> take_name(Cursor& in) {
  std::string name;
  while (!in.done() && in.peek() != ',') {
    name += in.take_while([](char c) { return c != ',' && c != '='; });
    if (in.eat("=2C")) {
      name += ',';
    } else if (in.eat("=3D")) {
      name += '=';
    } else if (!in.done() && in.peek() == '=') {
      return std::nullopt;
    }
  }
  if (name.empty()) return std::nullopt;
  return name;
}

std::optional<BindingFlag> take_flag(Cursor& in) {
  if (in.eat("n,")) return BindingFlag::none;
  if (in.eat("y,")) return BindingFlag::not_offered;
  if (!in.eat("p=")) return std::nullopt;
  const bool is_named = !in.take_while([](char c) { return c != ','; }).empty();
  if (!is_named || !in.eat(',')) return std::nullopt;
  return BindingFlag::bound;
}

}  // namespace

Result<ClientFirst> parse_client_first(std::string_view message) {
  const auto malformed = [](const char* text) { return fail(Fault::malformed, text); };
  Cursor in(message);
  ClientFirst first;
  const auto flag = take_flag(in);
  if (!flag) return malformed("SCRAM: no flag for channel binding");
  first.flag = *flag;
  if (in.eat("a=")) {
    auto name = take_name(in);
    if (!name) return malformed("SCRAM: bad name to act as");
    first.authorize_as = std::move(*name);
  }
  if (!in.eat(',')) return malformed("SCRAM: bad header");
  if (in.rest().starts_with("m=")) return malformed("SCRAM: unknown mandatory extension");
  if (!in.eat("n=")) return malformed("SCRAM: no account");
  auto name = take_name(in);
  if (!name || !in.eat(',')) return malformed("SCRAM: bad account");
  first.account = std::move(*name);
  return first;
}

}  // namespace veredus::sasl
