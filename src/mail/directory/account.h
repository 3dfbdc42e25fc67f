// What we know of a person who has a mailbox or sends through us.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace veredus::directory {

/// What a password may be good for.
enum class Protocol : std::uint8_t { submission, imap, pop3 };

/// "submission", "imap", "pop3".
std::string_view name(Protocol protocol);
std::optional<Protocol> parse_protocol(std::string_view name);

/// One password, as it is kept. Texts as mail/authenticate/password.h makes them; empty: none.
struct Credential {
  std::string name;  ///< Empty: the account's own password; else an app password's name.
  std::string argon2id;
  std::string scram_sha_256;
  std::string scram_sha_1;
  std::vector<Protocol> protocols;  ///< None: all.
  WallTime created{};

  friend bool operator==(const Credential&, const Credential&) = default;
};

struct Account {
  std::string address;  ///< "ann@example.org" in lower case: the login name, and the mailbox.
  bool disabled = false;
  std::uint64_t quota_bytes = 0;  ///< 0: none.
  /// Addresses that it may send as besides those whose mail it gets; `@example.org` stands for all
  /// of that domain.
  std::vector<std::string> send_as;
  std::uint64_t recipients_per_hour = 0;  ///< 0: as configured for all.
  std::uint64_t recipients_per_day = 0;
  std::vector<Credential> credentials;
  WallTime created{};

  friend bool operator==(const Account&, const Account&) = default;
};

}  // namespace veredus::directory
