// Who called this program, as the system's list of users has it.

#pragma once

#include <string>

namespace veredus::io {

struct AccountName {
  std::string login;      ///< Or the number of a user that has no name.
  std::string full_name;  ///< From the GECOS field; may be empty.
};

/// Of the real user: whoever started a program that is setuid or was started by root as them.
AccountName calling_account();

/// The full name in a GECOS field, `Ann &,room 7,...`: what is before the first comma, with `&`
/// for the login name, its first letter in upper case (passwd(5)).
std::string full_name(const std::string& gecos, const std::string& login);

}  // namespace veredus::io
