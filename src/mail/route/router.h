// Where a recipient lives. An immutable snapshot made from configuration: safe on every reactor.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "io/endpoint.h"
#include "mail/route/config.h"
#include "wire/smtp/address.h"

namespace veredus::route {

/// A mailbox of ours, kept as a Maildir.
struct LocalMailbox {
  std::string path;               ///< Below the mail folder: `example.test/you`.
  std::uint64_t quota_bytes = 0;  ///< What it may hold; 0: anything.
};
/// A server that takes final delivery for us (RFC 2033).
struct Lmtp {
  io::Endpoint endpoint;
};
/// A host named in configuration: a static route or the smart host. No MX look-up (as in
/// `[host]` of other servers).
struct SmtpHost {
  std::string name;  ///< DNS name, or an IP address.
  std::uint16_t port = 25;
};
/// A domain found by its MX records (RFC 5321 §5.1).
struct MxDomain {
  std::string domain;
};
using NextHop = std::variant<LocalMailbox, Lmtp, SmtpHost, MxDomain>;

/// Equal names share workers, connections and limits: `local`, `lmtp:127.0.0.1:24`,
/// `smtp:relay.example:587`, `mx:example.org`, `mx:[192.0.2.1]`.
std::string destination_name(const NextHop& next_hop);
/// Reads what destination_name() wrote, all but LocalMailbox's path. Errors: malformed.
[[nodiscard]] Result<NextHop> parse_destination(std::string_view name);

/// `host`, `host:port`, an IP address with or without port (IPv6 with a port in brackets).
/// Errors: malformed.
[[nodiscard]] Result<SmtpHost> parse_smtp_host(std::string_view text);

class Router {
 public:
  /// Errors: malformed, naming the key (a bad address, an alias loop, ...), all at once, one a
  /// line.
  [[nodiscard]] static Result<Router> make(const RouteConfig& config);
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  /// Domains whose mailboxes or LMTP server we answer for, and address literals of our own host.
  bool is_local(const smtp::Address& address) const;
  /// Domains we relay to for anyone (backup MX, or a gateway's inside).
  bool is_relay_domain(const smtp::Address& address) const;

  /// The addresses a recipient stands for: itself, or what its alias or catch-all names, each
  /// once, aliases within aliases followed. `postmaster` of any local domain always exists.
  /// Errors: refused (no such mailbox here; the text is fit for a 550 5.1.1), overloaded (more
  /// than RouteConfig::expansions_max, or deeper than alias_depth_max).
  [[nodiscard]] Result<std::vector<smtp::Address>> expand(const smtp::Address& address) const;

  /// True when mail to `address` reaches the mailbox `mailbox`: it is that one, with or without a
  /// subaddress, or an alias or a catch-all that leads there.
  bool reaches(const smtp::Address& address, const smtp::Address& mailbox) const;

  /// The bare <Postmaster> of RFC 5321 §4.5.1: at the first local domain, else at our host name.
  const smtp::Address& postmaster() const;

  /// Where an address (after expand()) goes next. Errors: refused (a local address without a
  /// mailbox: it was removed meanwhile).
  [[nodiscard]] Result<NextHop> next_hop(const smtp::Address& address) const;

  /// How to connect to it.
  HopSecurity security(const NextHop& next_hop) const;

  /// See tables.h.
  struct Tables;

 private:
  explicit Router(std::unique_ptr<const Tables> tables);
  std::unique_ptr<const Tables> tables_;
};

}  // namespace veredus::route
