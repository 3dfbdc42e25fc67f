// Mailbox addresses and paths as SMTP writes them (RFC 5321 §4.1.2).
//
// A value of these types is always valid: parse() is the only way in, so no other module checks
// an address again. Equality is equality of mailboxes: <"a.b"@EXAMPLE.org> == <a.b@example.org>.

#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/cursor.h"
#include "base/ip.h"
#include "base/result.h"

namespace veredus::smtp {

inline constexpr std::size_t kLocalPartOctetsMax = 64;  ///< RFC 5321 §4.5.3.1.1
inline constexpr std::size_t kDomainOctetsMax = 255;    ///< RFC 5321 §4.5.3.1.2
inline constexpr std::size_t kPathOctetsMax = 256;      ///< With <>, RFC 5321 §4.5.3.1.3
inline constexpr std::size_t kLabelOctetsMax = 63;      ///< RFC 1035 §2.3.4

/// A DNS name as mail uses it: ASCII A-labels of letters, digits and hyphens, lower case, no
/// trailing dot, 1..255 octets, labels of 1..63 (RFC 5321 §4.1.2, §4.5.3.1.2).
class Domain {
 public:
  /// U-labels become A-labels (IDNA 2008, RFC 5891 §4; nontransitional). One trailing dot is
  /// refused: SMTP has no such form.
  [[nodiscard]] static Result<Domain> parse(std::string_view text);

  std::string_view ascii() const noexcept { return ascii_; }

  friend bool operator==(const Domain&, const Domain&) = default;
  friend auto operator<=>(const Domain&, const Domain&) = default;

 private:
  explicit Domain(std::string ascii) : ascii_(std::move(ascii)) {}
  std::string ascii_;
};

/// `[192.0.2.1]`, `[IPv6:2001:db8::1]`, or a tagged form nobody has registered yet
/// (RFC 5321 §4.1.3).
class AddressLiteral {
 public:
  /// `text` begins with '[' and ends with ']'.
  [[nodiscard]] static Result<AddressLiteral> parse(std::string_view text);
  explicit AddressLiteral(const IpAddress& address);

  /// With its brackets, in the shortest form; the tag in lower case but for "IPv6".
  std::string_view text() const noexcept { return text_; }
  /// The address, unless this is a tagged form other than IPv6.
  const std::optional<IpAddress>& ip() const noexcept { return ip_; }

  friend bool operator==(const AddressLiteral&, const AddressLiteral&) = default;
  friend auto operator<=>(const AddressLiteral&, const AddressLiteral&) = default;

 private:
  AddressLiteral(std::string text, std::optional<IpAddress> ip)
      : text_(std::move(text)), ip_(std::move(ip)) {}
  std::string text_;
  std::optional<IpAddress> ip_;
};

/// How much beyond plain RFC 5321 an address may be.
struct AddressOptions {
  /// UTF-8 in the local part (RFC 6531 §3.3): only where the client said SMTPUTF8.
  bool utf8_local_part = false;
  /// RFC 5321 §4.5.3.1.1 says 64; some senders of newsletters need more.
  std::size_t local_part_octets_max = kLocalPartOctetsMax;
};

/// A mailbox: a local part at a domain or at an address literal.
class Address {
 public:
  /// Parses `local@domain` without angle brackets; the whole of `text`.
  /// Errors: malformed, with a text that says what is wrong and where; refused, when the local
  /// part is not ASCII and `options` do not allow that.
  [[nodiscard]] static Result<Address> parse(std::string_view text, AddressOptions options = {});
  /// Parses the address at the front of `in` and leaves the rest (a '>' usually) to the caller.
  [[nodiscard]] static Result<Address> parse(Cursor& in, AddressOptions options = {});
  /// For rewriting (subaddress, catch-all): the unquoted octets at `domain`. Malformed when no
  /// quoting can write them.
  [[nodiscard]] static Result<Address> make(std::string_view local_part, Domain domain,
                                            AddressOptions options = {});

  /// The octets of the local part, without quotes and backslashes. Case matters (RFC 5321 §2.4).
  std::string_view local_part() const noexcept { return local_part_; }
  /// Null when the address is at a literal. Lives as long as this address.
  const Domain* domain() const noexcept { return std::get_if<Domain>(&host_); }
  /// Null when the address is at a domain. Lives as long as this address.
  const AddressLiteral* literal() const noexcept { return std::get_if<AddressLiteral>(&host_); }
  /// What is right of the '@': "example.org" or "[192.0.2.1]".
  std::string_view host_text() const noexcept;

  /// The canonical form for the wire, without angle brackets; quoted only when it must be.
  std::string text() const;
  /// Appends that.
  void append_to(std::string& out) const;
  /// The local part alone as text() writes it.
  std::string local_part_text() const;
  /// True when the local part is not ASCII: the next hop must know SMTPUTF8 (RFC 6531 §3.2).
  bool needs_smtputf8() const noexcept;
  /// "postmaster" in any case (RFC 5321 §4.5.1).
  bool is_postmaster() const noexcept;

  friend bool operator==(const Address&, const Address&) = default;
  friend auto operator<=>(const Address&, const Address&) = default;

 private:
  using Host = std::variant<Domain, AddressLiteral>;
  Address(std::string local_part, Host host)
      : local_part_(std::move(local_part)), host_(std::move(host)) {}
  [[nodiscard]] static Result<Address> checked(Address address, const AddressOptions& options);
  void append_local_part_to(std::string& out) const;

  std::string local_part_;
  Host host_;
};

/// Where failures go. Empty is the null path "<>": never answer it with a bounce
/// (RFC 5321 §4.5.5).
class ReversePath {
 public:
  ReversePath() = default;
  explicit ReversePath(Address address) : address_(std::move(address)) {}
  /// The whole of `text`, with its angle brackets.
  [[nodiscard]] static Result<ReversePath> parse(std::string_view text,
                                                 AddressOptions options = {});

  bool is_null() const noexcept { return !address_; }
  const std::optional<Address>& address() const noexcept { return address_; }
  /// With angle brackets: "<>" or "<a@b>".
  std::string text() const;
  /// Appends that.
  void append_to(std::string& out) const;

  friend bool operator==(const ReversePath&, const ReversePath&) = default;

 private:
  std::optional<Address> address_;
};

/// Where a message goes. Empty is the bare "<postmaster>", which every server that takes mail has
/// (RFC 5321 §4.1.1.3, §4.5.1).
class ForwardPath {
 public:
  ForwardPath() = default;
  explicit ForwardPath(Address address) : address_(std::move(address)) {}
  /// The whole of `text`, with its angle brackets.
  [[nodiscard]] static Result<ForwardPath> parse(std::string_view text,
                                                 AddressOptions options = {});

  /// "<postmaster>" without a domain; whose it is, is the receiver's to say.
  bool is_bare_postmaster() const noexcept { return !address_; }
  const std::optional<Address>& address() const& noexcept { return address_; }
  std::optional<Address> address() && noexcept { return std::move(address_); }
  /// With angle brackets: "<postmaster>" or "<a@b>".
  std::string text() const;

  friend bool operator==(const ForwardPath&, const ForwardPath&) = default;

 private:
  std::optional<Address> address_;
};

/// Parse a path from the front of the arguments of MAIL or RCPT, just after the colon.
///
///   Reverse-path = Path / "<>"
///   Path         = "<" [ A-d-l ":" ] Mailbox ">"          (RFC 5321 §4.1.2)
///
/// Spaces before the '<' are accepted: RFC 5321 §4.1.1.2 forbids them, but many scripts write them
/// and they change no meaning. Missing angle brackets are refused with a text that says to write
/// them. A source route (`@a,@b:`) is checked and dropped (RFC 5321 §F.2).
[[nodiscard]] Result<ReversePath> parse_reverse_path(Cursor& in, AddressOptions options = {});
[[nodiscard]] Result<ForwardPath> parse_forward_path(Cursor& in, AddressOptions options = {});

}  // namespace veredus::smtp

template <>
struct std::hash<veredus::smtp::Domain> {
  std::size_t operator()(const veredus::smtp::Domain& domain) const noexcept {
    return std::hash<std::string_view>()(domain.ascii());
  }
};

template <>
struct std::hash<veredus::smtp::Address> {
  std::size_t operator()(const veredus::smtp::Address& address) const noexcept {
    const std::hash<std::string_view> hash;
    return hash(address.local_part()) * 31 + hash(address.host_text());
  }
};
