#include "wire/smtp/params.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <span>
#include <utility>

#include "base/cursor.h"
#include "base/text.h"
#include "base/utf8.h"
#include "wire/smtp/chars.h"

namespace veredus::smtp {

namespace {

constexpr std::size_t kSizeDigitsMax = 20;    // RFC 1870 §3
constexpr std::size_t kEnvidOctetsMax = 100;  // RFC 3461 §4.4
constexpr std::size_t kOrcptOctetsMax = 500;  // RFC 3461 §4.2

/// One parameter: which extension it belongs to and how its value is read into `Into`.
template <class Into>
struct Reader {
  std::string_view keyword;
  ExtensionSet any_of;  ///< Allowed when one of these was announced.
  Result<> (*read)(std::string_view value, Into& into);
};

Result<> bad_value(std::string text) { return fail(Fault::malformed, std::move(text)); }

Result<> read_size(std::string_view value, MailParams& into) {
  const auto size = to_number(value);
  const bool digits = !value.empty() && std::ranges::all_of(value, is_digit);
  if (!digits || value.size() > kSizeDigitsMax)
    return bad_value("SIZE must be a number of at most 20 digits");
  if (!size) return bad_value("SIZE is beyond any message");
  into.size = size;
  return {};
}

Result<> read_body(std::string_view value, MailParams& into) {
  if (iequals(value, "7BIT")) {
    into.body = Body::seven_bit;
  } else if (iequals(value, "8BITMIME")) {
    into.body = Body::eight_bit_mime;
  } else if (iequals(value, "BINARYMIME")) {
    into.body = Body::binary_mime;
  } else {
    return bad_value("BODY must be 7BIT, 8BITMIME or BINARYMIME");
  }
  return {};
}

Result<> read_smtputf8(std::string_view value, MailParams& into) {
  if (!value.empty()) return bad_value("SMTPUTF8 has no value");
  into.smtputf8 = true;
  return {};
}

Result<> read_ret(std::string_view value, MailParams& into) {
  const bool full = iequals(value, "FULL");
  if (!full && !iequals(value, "HDRS")) return bad_value("RET must be FULL or HDRS");
  into.ret = full ? Ret::full : Ret::headers;
  return {};
}

Result<> read_envid(std::string_view value, MailParams& into) {
  auto envid = xtext_decode(value);
  if (!envid) return bad_value("ENVID: " + envid.error().text());
  if (envid->empty() || value.size() > kEnvidOctetsMax)
    return bad_value("ENVID must have 1 to 100 octets");
  // It goes into a report's fields, so it must be one line of ASCII (RFC 3461 §4.4).
  if (!all_are(kQuotedPair, *envid)) return bad_value("ENVID must be printable ASCII");
  into.envid = std::move(*envid);
  return {};
}

Result<> read_auth(std::string_view value, MailParams& into) {
  auto identity = xtext_decode(value == "<>" ? "" : value);
  if (!identity) return bad_value("AUTH: " + identity.error().text());
  if (value.empty() || value.size() > kOrcptOctetsMax)
    return bad_value("AUTH must be <> or 1 to 500 octets");
  const bool control = std::ranges::any_of(*identity, [](char c) { return is(kControl, c); });
  if (control) return bad_value("AUTH may not contain control characters");
  into.auth = std::move(*identity);
  return {};
}

Result<> read_notify(std::string_view value, RcptParams& into) {
  Notify notify;
  if (!iequals(value, "NEVER")) {
    for (const auto part : value | std::views::split(',')) {
      const std::string_view word(part.begin(), part.end());
      bool* const flag = iequals(word, "SUCCESS")   ? &notify.success
                         : iequals(word, "FAILURE") ? &notify.failure
                         : iequals(word, "DELAY")   ? &notify.delay
                                                    : nullptr;
      if (flag == nullptr) return bad_value("NOTIFY must be NEVER or of SUCCESS,FAILURE,DELAY");
      *flag = true;
    }
    if (notify == Notify()) return bad_value("NOTIFY has no value");
  }
  into.notify = notify;
  return {};
}

Result<> read_orcpt(std::string_view value, RcptParams& into) {
  const std::size_t semicolon = value.find(';');
  if (semicolon == std::string_view::npos || value.size() > kOrcptOctetsMax)
    return bad_value("ORCPT must be type;address of at most 500 octets");
  const std::string_view type = value.substr(0, semicolon);
  if (type.empty() || !all_are(kAtext, type)) return bad_value("ORCPT has a bad address type");
  auto address = xtext_decode(value.substr(semicolon + 1));
  if (!address) return bad_value("ORCPT: " + address.error().text());
  const bool control = std::ranges::any_of(*address, [](char c) { return is(kControl, c); });
  if (address->empty() || control) return bad_value("ORCPT has a bad address");
  into.orcpt = OriginalRecipient{ascii_lower(type), std::move(*address)};
  return {};
}

constexpr std::array kMailReaders{
    Reader<MailParams>{"SIZE", {Extension::size}, read_size},
    Reader<MailParams>{"BODY", {Extension::eight_bit_mime, Extension::binary_mime}, read_body},
    Reader<MailParams>{"SMTPUTF8", {Extension::smtputf8}, read_smtputf8},
    Reader<MailParams>{"RET", {Extension::dsn}, read_ret},
    Reader<MailParams>{"ENVID", {Extension::dsn}, read_envid},
    Reader<MailParams>{"AUTH", {Extension::auth}, read_auth},
};
constexpr std::array kRcptReaders{
    Reader<RcptParams>{"NOTIFY", {Extension::dsn}, read_notify},
    Reader<RcptParams>{"ORCPT", {Extension::dsn}, read_orcpt},
};

template <class Into>
Result<Into> read_params(const EsmtpParams& params, ExtensionSet announced,
                         std::span<const Reader<Into>> readers) {
  Into into;
  for (const EsmtpParam& param : params) {
    const auto reader = std::ranges::find(readers, param.keyword, &Reader<Into>::keyword);
    if (reader == readers.end() || !announced.has_any(reader->any_of))
      return fail(Fault::refused, "parameter " + printable(param.keyword, 40) +
                                      " is not one that EHLO announced here");
    const auto read = reader->read(param.value, into);
    if (!read) return fail(read.error());
  }
  return into;
}

std::string_view body_text(Body body) noexcept {
  if (body == Body::seven_bit) return "7BIT";
  return body == Body::eight_bit_mime ? "8BITMIME" : "BINARYMIME";
}

std::string notify_text(const Notify& notify) {
  std::string out;
  if (notify.success) out += ",SUCCESS";
  if (notify.failure) out += ",FAILURE";
  if (notify.delay) out += ",DELAY";
  return out.empty() ? "NEVER" : out.substr(1);
}

int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

Result<EsmtpParams> parse_params(std::string_view text) {
  EsmtpParams params;
  Cursor in(text);
  while (!in.done()) {
    if (in.take_while([](char c) { return c == ' '; }).empty())
      return fail(Fault::malformed, "expected a space before the parameter");
    if (in.done()) break;
    const auto keyword = in.take_while([](char c) { return is(kLetDig, c) || c == '-'; });
    if (keyword.empty() || keyword.front() == '-')
      return fail(Fault::malformed, "bad parameter name");
    std::string_view value;
    if (in.eat('=')) {
      value = in.take_while([](char c) { return is(kEsmtpValue, c) || is_8bit(c); });
      if (value.empty()) return fail(Fault::malformed, "empty parameter value");
      if (std::ranges::any_of(value, is_8bit) && !is_utf8(value))
        return fail(Fault::malformed, "a parameter value is not valid UTF-8");
    }
    std::string upper = ascii_upper(keyword);
    if (std::ranges::find(params, upper, &EsmtpParam::keyword) != params.end())
      return fail(Fault::malformed, "duplicate parameter " + printable(upper, 40));
    if (params.size() == kParamsMax) return fail(Fault::overloaded, "too many parameters");
    params.emplace_back(std::move(upper), std::string(value));
  }
  return params;
}

std::string render(const EsmtpParams& params) {
  std::string out;
  for (const EsmtpParam& param : params) {
    out += ' ';
    out += param.keyword;
    if (!param.value.empty()) (out += '=') += param.value;
  }
  return out;
}

Result<MailParams> read_mail_params(const EsmtpParams& params, ExtensionSet announced) {
  auto read = read_params<MailParams>(params, announced, kMailReaders);
  if (read && read->body == Body::binary_mime && !announced.has(Extension::binary_mime))
    return fail(Fault::malformed, "BODY=BINARYMIME is not offered here");
  return read;
}

Result<RcptParams> read_rcpt_params(const EsmtpParams& params, ExtensionSet announced) {
  return read_params<RcptParams>(params, announced, kRcptReaders);
}

EsmtpParams write_params(const MailParams& params) {
  EsmtpParams out;
  if (params.size) out.emplace_back("SIZE", std::to_string(*params.size));
  if (params.body) out.emplace_back("BODY", std::string(body_text(*params.body)));
  if (params.smtputf8) out.emplace_back("SMTPUTF8", "");
  if (params.ret) out.emplace_back("RET", *params.ret == Ret::full ? "FULL" : "HDRS");
  if (params.envid) out.emplace_back("ENVID", xtext_encode(*params.envid));
  if (params.auth)
    out.emplace_back("AUTH", params.auth->empty() ? "<>" : xtext_encode(*params.auth));
  return out;
}

EsmtpParams write_params(const RcptParams& params) {
  EsmtpParams out;
  if (params.notify) out.emplace_back("NOTIFY", notify_text(*params.notify));
  if (params.orcpt)
    out.emplace_back("ORCPT", params.orcpt->type + ";" + xtext_encode(params.orcpt->address));
  return out;
}

std::string xtext_encode(std::string_view octets) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : octets) {
    if (is(kXchar, c)) {
      out += c;
    } else {
      const auto octet = static_cast<unsigned char>(c);
      out += '+';
      out += kHex[octet >> 4];
      out += kHex[octet & 15];
    }
  }
  return out;
}

Result<std::string> xtext_decode(std::string_view text) {
  std::string out;
  Cursor in(text);
  while (!in.done()) {
    if (!in.eat('+')) {
      if (!is(kXchar, in.peek()) && !is_8bit(in.peek()))
        return fail(Fault::malformed, "character that xtext writes as +HH");
      out += in.take(1);
      continue;
    }
    const std::string_view digits = in.take(2);
    const int high = digits.empty() ? -1 : hex_value(digits.front());
    const int low = digits.size() < 2 ? -1 : hex_value(digits.back());
    if (high < 0 || low < 0) return fail(Fault::malformed, "'+' without two hexadecimal digits");
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

}  // namespace veredus::smtp
