// Address lists of header fields: From, Sender, Reply-To, To, Cc, Bcc (RFC 5322 §3.4).

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace veredus::mime {

struct Mailbox {
  std::string name;        ///< Display name, else a comment behind; decoded to UTF-8; may be "".
  std::string local_part;  ///< Unquoted: "a b"@x gives a b.
  std::string domain;      ///< Case as written; a literal keeps its []; "" when it was missing.

  /// local_part@domain, quoted where RFC 5322 §3.4.1 needs it.
  std::string address() const;
  friend bool operator==(const Mailbox&, const Mailbox&) = default;
};

/// Mailboxes that stand together: the members of a named group, or a run outside any group.
struct AddressGroup {
  std::optional<std::string> name;  ///< Decoded to UTF-8; nothing outside of a group.
  std::vector<Mailbox> mailboxes;
  friend bool operator==(const AddressGroup&, const AddressGroup&) = default;
};

struct AddressList {
  std::vector<AddressGroup> groups;
  bool well_formed = true;  ///< Nothing had to be guessed, skipped or cut at a limit.

  /// All mailboxes, groups flattened.
  std::vector<Mailbox> mailboxes() const;
};

/// Reads the body of an address field, folded or not: comments, quoted strings, groups (also
/// empty and unclosed ones), routes and the other obsolete forms of RFC 5322 §4.4, encoded words
/// (also inside quotes, where they are wrong but common). Never fails: what makes no sense is
/// skipped and `well_formed` is false. At most `mailboxes_max` mailboxes.
AddressList parse_address_list(std::string_view body, std::size_t mailboxes_max = 10000);

}  // namespace veredus::mime
