#include "support/dialog_script.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>
#include <utility>

#include "base/cursor.h"
#include "base/text.h"

namespace veredus::testing {
namespace {

char unescape_one(Cursor& in) {
  if (in.eat('r')) return '\r';
  if (in.eat('n')) return '\n';
  if (in.eat('t')) return '\t';
  if (in.eat('x')) {
    const std::string_view digits = in.take(2);
    int value = '?';
    std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    return static_cast<char>(value);
  }
  in.eat('\\');
  return '\\';
}

std::string unescape(std::string_view text) {
  std::string out;
  for (Cursor in(text); !in.done();) {
    out += in.take_while([](char c) { return c != '\\'; });
    if (in.eat('\\')) out += unescape_one(in);
  }
  return out;
}

/// A directive that is nothing but a step with a word or a number behind it.
struct Directive {
  std::string_view name;
  Step::Kind kind;
  bool has_number;
};

constexpr std::array kDirectives{
    Directive{"client", Step::Kind::client, false},
    Directive{"connect", Step::Kind::connect, false},
    Directive{"crowd", Step::Kind::crowd, true},
    Directive{"bytewise", Step::Kind::bytewise, false},
    Directive{"wait", Step::Kind::wait, true},
    Directive{"quiet", Step::Kind::quiet, false},
    Directive{"closed", Step::Kind::closed, false},
    Directive{"drop", Step::Kind::drop, false},
    Directive{"stop", Step::Kind::stop, false},
    Directive{"disk", Step::Kind::disk, false},
    Directive{"mailbox", Step::Kind::mailbox, false},
    Directive{"nothing", Step::Kind::nothing, false},
};

class Parser {
 public:
  explicit Parser(AssemblyConfig config) { script_.config = std::move(config); }

  Result<Script> run(std::string_view dialog) {
    std::istringstream lines{std::string(dialog)};
    std::string raw;
    for (line_ = 1; std::getline(lines, raw); ++line_) {
      const auto indent = raw.find_first_not_of(' ');
      if (indent == std::string::npos || raw[indent] == '#') continue;
      if (!take(std::string_view(raw).substr(indent)))
        return fail(Fault::malformed, "line " + std::to_string(line_) + ": what is '" + raw + "'?");
    }
    return std::move(script_);
  }

 private:
  using Kind = Step::Kind;

  bool take(std::string_view text) {
    Cursor in(text);
    if (in.eat("S: "))
      add(Kind::expect_line, in.rest());
    else if (in.eat("S+ "))
      add(Kind::expect_reply, in.rest());
    else if (in.eat("C~ "))
      add_send(script_.steps, unescape(in.rest()), line_);
    else if (in.eat("C:"))
      say(in);
    else if (in.eat("M:"))
      return take_mail_line(in);
    else
      return in.eat("= ") && take_directive(in);
    return true;
  }

  void say(Cursor& in) {
    in.eat(' ');
    add_send(script_.steps, std::string(in.rest()) + "\r\n", line_);
  }

  bool take_mail_line(Cursor& in) {
    in.eat(' ');
    if (script_.steps.empty() || script_.steps.back().kind != Kind::mailbox) return false;
    script_.steps.back().mail.emplace_back(in.rest());
    return true;
  }

  bool take_directive(Cursor& in) {
    const std::string_view name = word(in);
    if (name == "set") {
      const std::string_view key = word(in);
      return set_value(script_.config, key, in.rest());
    }
    if (name == "plain_wires") return script_.plain_wires = true;
    if (name == "repeat") return take_repeat(in);
    if (name == "octets") return take_octets(in);
    const auto* found = std::ranges::find(kDirectives, name, &Directive::name);
    if (found == kDirectives.end()) return false;
    const auto number = to_number(in.rest());
    add(found->kind, in.rest()).number = number.value_or(0);
    return number.has_value() == found->has_number;
  }

  bool take_repeat(Cursor& in) {
    const auto count = to_number(word(in));
    for (std::uint64_t i = 0; i < count.value_or(0); ++i)
      if (!take(in.rest())) return false;
    return count.has_value();
  }

  bool take_octets(Cursor& in) {
    const auto count = to_number<std::size_t>(word(in));
    const std::string text = unescape(in.rest());
    if (!count || text.empty()) return false;
    std::string octets = text;
    while (octets.size() < *count) octets += octets.substr(0, *count - octets.size());
    octets.resize(*count);
    add_send(script_.steps, std::move(octets), line_);
    return true;
  }

  static std::string_view word(Cursor& in) {
    const std::string_view found = in.take_while([](char c) { return c != ' '; });
    in.eat(' ');
    return found;
  }

  Step& add(Kind kind, std::string_view text) {
    return script_.steps.emplace_back(kind, std::string(text), 0, line_);
  }

  Script script_;
  std::size_t line_ = 0;
};

}  // namespace

Result<Script> parse_dialog(std::string_view dialog, AssemblyConfig config) {
  return Parser(std::move(config)).run(dialog);
}

void add_send(std::vector<Step>& steps, std::string octets, std::size_t line) {
  if (!steps.empty() && steps.back().kind == Step::Kind::send)
    steps.back().text += octets;
  else
    steps.emplace_back(Step::Kind::send, std::move(octets), 0, line);
}

}  // namespace veredus::testing
