// Secret: octets that must not outlive their use, nor reach a log.

#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace veredus {

/// Overwrites every octet `text` ever had in its present memory, and empties it. Unlike
/// std::string::clear() the compiler may not leave it out.
void wipe(std::string& text) noexcept;

/// True when `a` and `b` are the same octets. Takes as long whatever the octets are; only
/// their number shows.
bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

/// A password or key. Wiped when it dies, is assigned to or moved from; compares in constant
/// time; has no formatter and no stream operator, so that it can't be logged by mistake. Made
/// of a string that is complete: one that grew may have left copies behind.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) noexcept : value_(std::move(value)) { wipe(value); }
  ~Secret() { wipe(value_); }

  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { wipe(other.value_); }
  Secret& operator=(const Secret& other) {
    if (this != &other) *this = Secret(other);
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    if (this == &other) return *this;
    wipe(value_);
    value_ = std::move(other.value_);
    wipe(other.value_);
    return *this;
  }

  /// What is secret, for the one place that uses it. Dangles when this is changed or dies.
  std::string_view reveal() const noexcept { return value_; }
  /// The same for C interfaces that want a NUL at the end.
  const char* c_str() const noexcept { return value_.c_str(); }
  bool empty() const noexcept { return value_.empty(); }

  friend bool operator==(const Secret& a, const Secret& b) noexcept {
    return equal_in_constant_time(a.value_, b.value_);
  }

 private:
  std::string value_;
};

}  // namespace veredus
