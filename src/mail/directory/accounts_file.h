// Accounts declared in a file, one credential a line:
//
//     # the account         its password, as `veredus account hash` prints it, and settings
//     ann@example.org        {ARGON2ID}$argon2id$... {SCRAM-SHA-256}SCRAM-SHA-256$...
//     send-as=@example.org ann@example.org/phone  {ARGON2ID}$argon2id$... for=submission,imap
//     app@example.org        {PLAIN}secret per-hour=100 per-day=500
//     old@example.org        disabled
//
// What is behind '/' names an app password. Words are parted by blanks; {PLAIN} is for CRAM-MD5 and
// tests alone.

#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "mail/directory/account.h"

namespace veredus::directory {

/// By address.
using Accounts = std::unordered_map<std::string, Account>;

/// Error: malformed; the text has a line for each problem, `source:line: what is wrong`. It does
/// not quote passwords.
[[nodiscard]] Result<Accounts> parse_accounts(std::string_view text, std::string_view source);

/// The line that parse_accounts() reads back as that credential of the account.
std::string account_line(std::string_view address, const Credential& credential);

}  // namespace veredus::directory
