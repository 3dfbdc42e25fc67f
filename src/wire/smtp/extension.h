// The service extensions of SMTP that Veredus knows, and sets of them.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace veredus::smtp {

/// An extension as the reply to EHLO names it.
enum class Extension : std::uint8_t {
  size,                   ///< RFC 1870
  pipelining,             ///< RFC 2920
  eight_bit_mime,         ///< RFC 6152
  enhanced_status_codes,  ///< RFC 2034
  smtputf8,               ///< RFC 6531
  dsn,                    ///< RFC 3461
  starttls,               ///< RFC 3207
  chunking,               ///< RFC 3030
  binary_mime,            ///< RFC 3030
  auth,                   ///< RFC 4954
  etrn,                   ///< RFC 1985
  vrfy,                   ///< RFC 5321 §3.5.3
  expn,                   ///< RFC 5321 §3.5.3
  help,                   ///< RFC 5321 §4.1.1.8
};

/// The keyword as EHLO lists it, upper case.
std::string_view keyword(Extension extension) noexcept;
/// The extension of a keyword in any case, or nothing for one we do not know.
std::optional<Extension> find_extension(std::string_view keyword) noexcept;

/// A set of extensions; cheap to copy.
class ExtensionSet {
 public:
  constexpr ExtensionSet() = default;
  constexpr ExtensionSet(std::initializer_list<Extension> extensions) {
    for (const Extension extension : extensions) insert(extension);
  }

  constexpr void insert(Extension extension) noexcept { bits_ |= bit(extension); }
  constexpr void erase(Extension extension) noexcept { bits_ &= ~bit(extension); }
  constexpr bool has(Extension extension) const noexcept { return (bits_ & bit(extension)) != 0; }

  /// True when the two sets have a member in common.
  constexpr bool has_any(ExtensionSet others) const noexcept { return (bits_ & others.bits_) != 0; }

  friend constexpr bool operator==(ExtensionSet, ExtensionSet) = default;

 private:
  static constexpr std::uint32_t bit(Extension extension) noexcept {
    return std::uint32_t{1} << static_cast<unsigned>(extension);
  }
  std::uint32_t bits_ = 0;
};

}  // namespace veredus::smtp
