#include "wire/smtp/address.h"

#include <algorithm>
#include <memory>

#include <idn2.h>

#include "base/text.h"
#include "base/utf8.h"
#include "wire/smtp/chars.h"

namespace veredus::smtp {

namespace {

/// A label of RFC 5321 §4.1.2: Let-dig [Ldh-str]. Empty text when it is one, else what is wrong.
std::string_view label_problem(std::string_view label) noexcept {
  if (label.empty()) return "has an empty part between its dots";
  if (label.size() > kLabelOctetsMax) return "has a part of more than 63 octets";
  if (label.front() == '-' || label.back() == '-') return "has a part that begins or ends with '-'";
  const bool is_ldh = std::ranges::all_of(label, [](char c) { return is(kLetDig, c) || c == '-'; });
  return is_ldh ? "" : "has a character other than letters, digits and '-'";
}

std::string_view domain_problem(std::string_view ascii) noexcept {
  if (ascii.empty()) return "is empty";
  if (ascii.size() > kDomainOctetsMax) return "is longer than 255 octets";
  for (;;) {
    const std::size_t dot = ascii.find('.');
    const std::string_view problem = label_problem(ascii.substr(0, dot));
    if (!problem.empty() || dot == std::string_view::npos) return problem;
    ascii.remove_prefix(dot + 1);
  }
}

/// U-labels to A-labels, IDNA 2008 with the mappings of UTS 46, nontransitional.
Result<std::string> to_ascii(std::string_view text) {
  const std::string input(text);
  std::uint8_t* converted = nullptr;
  const int outcome = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(input.c_str()),
                                     &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<std::uint8_t, decltype(&idn2_free)> owner(
      converted, [](void* memory) { idn2_free(memory); });
  if (outcome != IDN2_OK)
    return fail(Fault::malformed, std::string("the domain is no valid international name: ") +
                                      idn2_strerror(outcome));
  return std::string(reinterpret_cast<const char*>(converted));
}

bool is_domain_octet(char c) noexcept {
  return is(kLetDig, c) || is_8bit(c) || c == '-' || c == '.' || c == '_';
}

Result<std::string> parse_quoted(Cursor& in) {
  std::string local_part;
  in.eat('"');
  while (!in.eat('"')) {
    if (in.done()) return fail(Fault::malformed, "the closing '\"' of the local part is missing");
    const bool escaped = in.eat('\\');
    const char c = in.peek();
    if (in.done() || !(is(escaped ? kQuotedPair : kQtext, c) || (!escaped && is_8bit(c))))
      return fail(Fault::malformed, "bad character between the quotes of the local part");
    local_part += in.take(1);
  }
  return local_part;
}

/// Local-part = Dot-string / Quoted-string (RFC 5321 §4.1.2); without quotes and backslashes.
Result<std::string> parse_local_part(Cursor& in) {
  if (in.peek() == '"') return parse_quoted(in);
  const std::string_view text =
      in.take_while([](char c) { return is(kAtext, c) || is_8bit(c) || c == '.'; });
  if (text.empty()) return fail(Fault::malformed, "the part before the '@' is missing");
  if (text.front() == '.' || text.back() == '.')
    return fail(Fault::malformed, "the part before the '@' begins or ends with a dot");
  if (text.contains(".."))
    return fail(Fault::malformed, "the part before the '@' has two dots in a row");
  return std::string(text);
}

/// True when the local part needs no quotes (Dot-string, RFC 5321 §4.1.2).
bool is_dot_string(std::string_view local_part) noexcept {
  return !local_part.empty() && local_part.front() != '.' && local_part.back() != '.' &&
         !local_part.contains("..") && std::ranges::all_of(local_part, [](char c) {
           return is(kAtext, c) || is_8bit(c) || c == '.';
         });
}

bool needs_backslash(char c) noexcept { return c == '"' || c == '\\'; }

/// How many octets the local part has on the wire.
std::size_t local_part_octets(std::string_view local_part) noexcept {
  if (is_dot_string(local_part)) return local_part.size();
  const auto backslashes = std::ranges::count_if(local_part, needs_backslash);
  return std::string_view("\"\"").size() + local_part.size() +
         static_cast<std::size_t>(backslashes);
}

/// A-d-l ":" — checked so that nonsense is not taken, then dropped.
Result<> skip_source_route(Cursor& in) {
  do {
    if (!in.eat('@')) return fail(Fault::malformed, "bad source route: expected '@'");
    const auto host = Domain::parse(in.take_while(is_domain_octet));
    if (!host) return fail(Fault::malformed, "bad source route: " + host.error().text());
  } while (in.eat(','));
  if (!in.eat(':')) return fail(Fault::malformed, "bad source route: expected ':' after it");
  return {};
}

/// Path = "<" [ A-d-l ":" ] Mailbox ">" — after its '<'.
Result<Address> parse_path_inside(Cursor& in, const AddressOptions& options) {
  if (in.peek() == '@') {
    const auto skipped = skip_source_route(in);
    if (!skipped) return fail(skipped.error());
  }
  auto address = Address::parse(in, options);
  if (!address) return fail(address.error());
  if (!in.eat('>'))
    return fail(Fault::malformed,
                in.done() ? "the closing '>' is missing" : "expected '>' after the address");
  return address;
}

/// Eats the '<' and the spaces that some clients write before it.
Result<> open_path(Cursor& in) {
  in.take_while([](char c) { return c == ' '; });
  if (in.eat('<')) return {};
  if (in.done()) return fail(Fault::malformed, "the address is missing");
  return fail(Fault::malformed, "write the address in angle brackets: <user@example.org>");
}

template <class Path, class Parse>
Result<Path> parse_whole(std::string_view text, AddressOptions options, Parse parse) {
  Cursor in(text);
  auto path = parse(in, options);
  if (path && !in.done()) return fail(Fault::malformed, "unexpected text after the address");
  return path;
}

}  // namespace

Result<Domain> Domain::parse(std::string_view text) {
  std::string ascii;
  if (std::ranges::any_of(text, is_8bit)) {
    if (!std::ranges::all_of(text, is_domain_octet))
      return fail(Fault::malformed,
                  "the domain has a character other than letters, digits and '-'");
    auto converted = to_ascii(text);
    if (!converted) return fail(converted.error());
    ascii = ascii_lower(*converted);
  } else {
    ascii = ascii_lower(text);
  }
  const std::string_view problem = domain_problem(ascii);
  if (!problem.empty()) return fail(Fault::malformed, "the domain " + std::string(problem));
  return Domain(std::move(ascii));
}

AddressLiteral::AddressLiteral(const IpAddress& address)
    : text_((address.is_v4() ? "[" : "[IPv6:") + address.text() + "]"), ip_(address) {}

Result<AddressLiteral> AddressLiteral::parse(std::string_view text) {
  constexpr std::string_view kIpv6 = "IPv6:";
  if (text.size() < 3 || text.size() > kDomainOctetsMax || text.front() != '[' ||
      text.back() != ']')
    return fail(Fault::malformed, "bad address literal: expected the form [192.0.2.1]");
  const std::string_view inside = text.substr(1, text.size() - 2);
  const std::size_t colon = inside.find(':');

  if (colon == std::string_view::npos || istarts_with(inside, kIpv6)) {
    const bool v6 = colon != std::string_view::npos;
    const auto address = IpAddress::parse(v6 ? inside.substr(kIpv6.size()) : inside);
    if (!address) return fail(Fault::malformed, "bad IP address in the address literal");
    return AddressLiteral(*address);
  }
  // General-address-literal = Standardized-tag ":" 1*dcontent (RFC 5321 §4.1.3).
  const std::string_view tag = inside.substr(0, colon);
  const std::string_view content = inside.substr(colon + 1);
  if (!label_problem(tag).empty() || content.empty() || !all_are(kDcontent, content))
    return fail(Fault::malformed, "bad address literal: expected [tag:content]");
  if (IpAddress::parse(inside))
    return fail(Fault::malformed, "write an IPv6 address literal as [IPv6:...]");
  return AddressLiteral("[" + ascii_lower(tag) + ":" + std::string(content) + "]", std::nullopt);
}

Result<Address> Address::parse(std::string_view text, AddressOptions options) {
  return parse_whole<Address>(text, options, [](Cursor& in, const AddressOptions& allowed) {
    return Address::parse(in, allowed);
  });
}

Result<Address> Address::parse(Cursor& in, AddressOptions options) {
  auto local_part = parse_local_part(in);
  if (!local_part) return fail(local_part.error());
  if (!in.eat('@')) {
    const bool ends = in.done() || in.peek() == '>';
    return fail(Fault::malformed, ends ? "the '@' and the domain are missing"
                                       : "bad character in the part before the '@'");
  }
  if (in.peek() == '[') {
    std::string text(in.take_while([](char c) { return is(kDcontent, c) || c == '['; }));
    if (!in.eat(']')) return fail(Fault::malformed, "bad address literal: no closing ']'");
    auto literal = AddressLiteral::parse(text += ']');
    if (!literal) return fail(literal.error());
    return checked(Address(std::move(*local_part), std::move(*literal)), options);
  }
  auto domain = Domain::parse(in.take_while(is_domain_octet));
  if (!domain) return fail(domain.error());
  return checked(Address(std::move(*local_part), std::move(*domain)), options);
}

Result<Address> Address::make(std::string_view local_part, Domain domain, AddressOptions options) {
  if (!std::ranges::all_of(local_part, [](char c) { return is(kQuotedPair, c) || is_8bit(c); }))
    return fail(Fault::malformed, "control character in the local part");
  return checked(Address(std::string(local_part), std::move(domain)), options);
}

/// The limits of size, and whether the local part may be what it is.
Result<Address> Address::checked(Address address, const AddressOptions& options) {
  if (address.needs_smtputf8()) {
    if (!options.utf8_local_part)
      return fail(Fault::refused,
                  "the part before the '@' is not ASCII, and only ASCII addresses are taken here");
    if (!is_utf8(address.local_part_))
      return fail(Fault::malformed, "the part before the '@' is not valid UTF-8");
  }
  const std::size_t octets = local_part_octets(address.local_part_);
  if (octets > options.local_part_octets_max)
    return fail(Fault::malformed, "the part before the '@' is longer than " +
                                      std::to_string(options.local_part_octets_max) + " octets");
  if (octets + std::string_view("<@>").size() + address.host_text().size() > kPathOctetsMax)
    return fail(Fault::malformed, "the address is longer than 254 octets");
  return address;
}

std::string_view Address::host_text() const noexcept {
  const Domain* at = domain();
  return at != nullptr ? at->ascii() : literal()->text();
}

std::string Address::local_part_text() const {
  std::string out;
  append_local_part_to(out);
  return out;
}

void Address::append_local_part_to(std::string& out) const {
  if (is_dot_string(local_part_)) {
    out += local_part_;
    return;
  }
  out += '"';
  for (const char c : local_part_) {
    if (needs_backslash(c)) out += '\\';
    out += c;
  }
  out += '"';
}

std::string Address::text() const {
  std::string out;
  out.reserve(local_part_.size() + 1 + host_text().size());
  append_to(out);
  return out;
}

void Address::append_to(std::string& out) const {
  append_local_part_to(out);
  out += '@';
  out += host_text();
}

bool Address::needs_smtputf8() const noexcept { return std::ranges::any_of(local_part_, is_8bit); }

bool Address::is_postmaster() const noexcept { return iequals(local_part_, "postmaster"); }

Result<ReversePath> parse_reverse_path(Cursor& in, AddressOptions options) {
  const auto opened = open_path(in);
  if (!opened) return fail(opened.error());
  if (in.eat('>')) return ReversePath();
  auto address = parse_path_inside(in, options);
  if (!address) return fail(address.error());
  return ReversePath(std::move(*address));
}

Result<ForwardPath> parse_forward_path(Cursor& in, AddressOptions options) {
  const auto opened = open_path(in);
  if (!opened) return fail(opened.error());
  if (in.peek() == '>') return fail(Fault::malformed, "a recipient may not be empty");
  if (in.ieat("postmaster>")) return ForwardPath();
  auto address = parse_path_inside(in, options);
  if (!address) return fail(address.error());
  return ForwardPath(std::move(*address));
}

Result<ReversePath> ReversePath::parse(std::string_view text, AddressOptions options) {
  return parse_whole<ReversePath>(text, options, parse_reverse_path);
}

std::string ReversePath::text() const {
  std::string out;
  if (address_) out.reserve(address_->local_part().size() + address_->host_text().size() + 3);
  append_to(out);
  return out;
}

void ReversePath::append_to(std::string& out) const {
  out += '<';
  if (address_) address_->append_to(out);
  out += '>';
}

Result<ForwardPath> ForwardPath::parse(std::string_view text, AddressOptions options) {
  return parse_whole<ForwardPath>(text, options, parse_forward_path);
}

std::string ForwardPath::text() const {
  return address_ ? "<" + address_->text() + ">" : "<postmaster>";
}

}  // namespace veredus::smtp
