// Result<T>: how every module says "this did not work, and here is what to do".

#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace veredus {

/// What the caller should do next. The text is for people; branch only on this.
enum class Fault : std::uint8_t {
  malformed,    ///< The peer broke a grammar. Retrying the same bytes fails again.
  refused,      ///< Policy said no. Retrying unchanged fails again.
  unavailable,  ///< Disk, DNS or peer out of reach. Retry later.
  overloaded,   ///< One of our limits was hit. Retry later; shed load now.
  cancelled,    ///< Shutdown or deadline. Nobody's fault; count it nowhere.
};

class Error {
 public:
  Error(Fault fault, std::string text) : text_(std::move(text)), fault_(fault) {}

  Fault fault() const noexcept { return fault_; }
  const std::string& text() const noexcept { return text_; }

  /// True when the same request may succeed later: a 4yz reply, not 5yz (RFC 5321 §4.2.1).
  bool is_transient() const noexcept {
    return fault_ == Fault::unavailable || fault_ == Fault::overloaded;
  }

 private:
  std::string text_;
  Fault fault_;
};

template <class T = void>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(Fault fault, std::string text) {
  return std::unexpected(Error(fault, std::move(text)));
}
[[nodiscard]] inline std::unexpected<Error> fail(Error error) {  // pass it up unchanged
  return std::unexpected(std::move(error));
}

}  // namespace veredus
