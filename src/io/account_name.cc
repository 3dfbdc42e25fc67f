#include "io/account_name.h"

#include <array>

#include <pwd.h>
#include <unistd.h>

#include "base/text.h"

namespace veredus::io {

AccountName calling_account() {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> text{};
  ::getpwuid_r(::getuid(), &entry, text.data(), text.size(), &found);
  if (found == nullptr) return {std::to_string(::getuid()), ""};
  return {found->pw_name, full_name(found->pw_gecos, found->pw_name)};
}

std::string full_name(const std::string& gecos, const std::string& login) {
  std::string name;
  for (const char c : gecos.substr(0, gecos.find(','))) {
    if (c != '&') {
      name += c;
    } else if (!login.empty()) {
      name += ascii_upper(login.front());
      name += login.substr(1);
    }
  }
  return name;
}

}  // namespace veredus::io
