#include "wire/smtp/command.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/cursor.h"
#include "base/text.h"
#include "wire/smtp/chars.h"

namespace veredus::smtp {

namespace {

struct VerbName {
  Verb verb;
  std::string_view name;
};

constexpr std::array kVerbs{
    VerbName{Verb::mail, "MAIL"}, VerbName{Verb::rcpt, "RCPT"},
    VerbName{Verb::data, "DATA"}, VerbName{Verb::bdat, "BDAT"},
    VerbName{Verb::ehlo, "EHLO"}, VerbName{Verb::helo, "HELO"},
    VerbName{Verb::lhlo, "LHLO"}, VerbName{Verb::rset, "RSET"},
    VerbName{Verb::noop, "NOOP"}, VerbName{Verb::quit, "QUIT"},
    VerbName{Verb::vrfy, "VRFY"}, VerbName{Verb::expn, "EXPN"},
    VerbName{Verb::help, "HELP"}, VerbName{Verb::auth, "AUTH"},
    VerbName{Verb::etrn, "ETRN"}, VerbName{Verb::starttls, "STARTTLS"},
};

constexpr std::array<std::string_view, 9> kHttpMethods{
    "GET ", "POST ", "HEAD ", "PUT ", "DELETE ", "OPTIONS ", "CONNECT ", "TRACE ", "PATCH "};

bool is_control(char c) noexcept { return is(kControl, c); }
bool is_space(char c) noexcept { return c == ' '; }

std::string_view without_spaces_around(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

/// Underscores, bare names and addresses: what real clients call themselves.
bool is_lenient_helo_octet(char c) noexcept {
  return is(kLetDig, c) || is_8bit(c) || std::string_view("-._:[]").contains(c);
}

bool has_param(const EsmtpParams& params, std::string_view keyword) {
  return std::ranges::find(params, keyword, &EsmtpParam::keyword) != params.end();
}

std::unexpected<ArgumentError> bad_path(Error error) {
  return std::unexpected(ArgumentError(ArgumentError::Part::path, std::move(error)));
}
std::unexpected<ArgumentError> bad_params(Error error) {
  return std::unexpected(ArgumentError(ArgumentError::Part::params, std::move(error)));
}

}  // namespace

std::string_view name(Verb verb) noexcept {
  const auto* found = std::ranges::find(kVerbs, verb, &VerbName::verb);
  return found == kVerbs.end() ? "?" : found->name;
}

Command parse_command(std::string_view line) {
  if (std::ranges::any_of(line, is_control))
    return {Verb::unknown, {}, "A command may not contain control characters"};
  Cursor in(without_spaces_around(line));
  const std::string_view word = in.take_while([](char c) { return c != ' '; });
  if (word.empty()) return {Verb::unknown, {}, "The command is missing"};
  const auto* found = std::ranges::find_if(
      kVerbs, [word](const VerbName& verb) { return iequals(verb.name, word); });
  if (found == kVerbs.end()) return {Verb::unknown, {}, "Unknown command"};
  return {found->verb, without_spaces_around(in.rest()), {}};
}

bool looks_like_http(std::string_view line) noexcept {
  const bool has_method = std::ranges::any_of(
      kHttpMethods, [line](std::string_view method) { return istarts_with(line, method); });
  if (!has_method) return false;
  const std::size_t last = line.find_last_of(' ');
  return istarts_with(line.substr(last + 1), "HTTP/");
}

Result<HeloName> parse_helo(std::string_view args, HeloRule rule) {
  const bool lenient = rule == HeloRule::lenient;
  Cursor in(without_spaces_around(args));
  HeloName helo{std::string(in.take_while([](char c) { return c != ' '; })), {}, {}};
  if (helo.text.empty()) return fail(Fault::malformed, "say your host name");
  if (helo.text.size() > kDomainOctetsMax)
    return fail(Fault::malformed, "your host name is longer than 255 octets");
  if (!lenient && !in.done()) return fail(Fault::malformed, "unexpected text after the host name");

  if (auto literal = AddressLiteral::parse(helo.text)) {
    helo.literal = std::move(*literal);
    return helo;
  }
  if (auto domain = Domain::parse(helo.text)) {
    helo.domain = std::move(*domain);
    return helo;
  }
  if (!lenient || !std::ranges::all_of(helo.text, is_lenient_helo_octet))
    return fail(Fault::malformed,
                "say your host name or [address]: " + printable(helo.text, 60) + " is neither");
  return helo;
}

std::expected<MailCommand, ArgumentError> parse_mail(std::string_view args,
                                                     AddressOptions options) {
  Cursor in(args);
  if (!in.ieat("FROM:")) return bad_path({Fault::malformed, "write MAIL FROM:<address>"});
  // Whether UTF-8 is allowed stands behind the path, so it is asked afterwards.
  AddressOptions permissive = options;
  permissive.utf8_local_part = true;
  auto path = parse_reverse_path(in, permissive);
  if (!path) return bad_path(path.error());
  auto params = parse_params(in.rest());
  if (!params) return bad_params(params.error());

  const bool utf8 = !path->is_null() && path->address()->needs_smtputf8();
  if (utf8 && !options.utf8_local_part && !has_param(*params, keyword(Extension::smtputf8)))
    return bad_path(
        {Fault::refused,
         "the part before the '@' is not ASCII, and only ASCII addresses are taken here"});
  return MailCommand{std::move(*path), std::move(*params)};
}

std::expected<RcptCommand, ArgumentError> parse_rcpt(std::string_view args,
                                                     AddressOptions options) {
  Cursor in(args);
  if (!in.ieat("TO:")) return bad_path({Fault::malformed, "write RCPT TO:<address>"});
  auto path = parse_forward_path(in, options);
  if (!path) return bad_path(path.error());
  auto params = parse_params(in.rest());
  if (!params) return bad_params(params.error());
  return RcptCommand{std::move(*path), std::move(*params)};
}

Result<BdatCommand> parse_bdat(std::string_view args) {
  Cursor in(args);
  const auto octets = to_number(in.take_while(is_digit));
  if (!octets) return fail(Fault::malformed, "write BDAT and the number of octets");
  in.take_while(is_space);
  const bool last = in.ieat("LAST");
  if (!in.done()) return fail(Fault::malformed, "only LAST may follow the number of octets");
  return BdatCommand{*octets, last};
}

Result<AuthCommand> parse_auth(std::string_view args) {
  constexpr std::size_t kNameMax = 20;
  const auto is_name_char = [](char c) { return is(kLetDig, c) || c == '-' || c == '_'; };
  Cursor in(args);
  const std::string_view name = in.take_while(is_name_char);
  if (name.empty() || name.size() > kNameMax)
    return fail(Fault::malformed, "name a mechanism, such as AUTH PLAIN");
  AuthCommand command{.mechanism = ascii_upper(name), .initial = std::nullopt};
  if (in.done()) return command;
  if (!is_space(in.peek())) return fail(Fault::malformed, "that is no name of a mechanism");
  in.take_while(is_space);
  const std::string_view initial = in.take_while([](char c) { return !is_space(c); });
  if (!in.done())
    return fail(Fault::malformed, "only an initial response may follow the mechanism");
  command.initial = std::string(initial);
  return command;
}

}  // namespace veredus::smtp
