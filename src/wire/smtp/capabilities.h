// What a peer said it can do, in its reply to EHLO (RFC 5321 §4.1.1.1).

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/smtp/extension.h"
#include "wire/smtp/reply.h"

namespace veredus::smtp {

/// The peer's name for itself and its extensions. Default: a peer that answered HELO only.
class Capabilities {
 public:
  /// One line of the list: a keyword in upper case and its parameters as written.
  struct Entry {
    std::string keyword;
    std::vector<std::string> params;
  };

  Capabilities() = default;
  /// Reads the positive reply to EHLO or LHLO. A line that is no ehlo-line is skipped: what we
  /// cannot read we do not use. "AUTH=LOGIN", an old mistake, counts as AUTH.
  [[nodiscard]] static Capabilities parse(const PeerReply& reply);

  /// The first word of the first line: what the peer calls itself; may be empty.
  const std::string& peer_name() const noexcept { return peer_name_; }
  bool has(Extension extension) const noexcept { return extensions_.has(extension); }
  ExtensionSet extensions() const noexcept { return extensions_; }
  /// The largest message in octets; nothing when not said or "0", which is no limit (RFC 1870 §4).
  std::optional<std::uint64_t> size_max() const noexcept { return size_max_; }
  /// SASL mechanisms, upper case, in the peer's order (RFC 4954 §3).
  const std::vector<std::string>& auth_mechanisms() const noexcept { return auth_mechanisms_; }
  bool has_auth(std::string_view mechanism) const noexcept;
  /// All lines, also those of extensions we do not know.
  const std::vector<Entry>& entries() const noexcept { return entries_; }
  /// The entry for `keyword` in any case, or null.
  const Entry* find(std::string_view keyword) const noexcept;

 private:
  void add(std::string_view line);
  void add_auth(const std::vector<std::string>& mechanisms);

  std::string peer_name_;
  ExtensionSet extensions_;
  std::optional<std::uint64_t> size_max_;
  std::vector<std::string> auth_mechanisms_;
  std::vector<Entry> entries_;
};

}  // namespace veredus::smtp
