// Immutable bytes with shared ownership: what one stage wrote, every later stage reads in place.

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace veredus {

/// Cheap to copy, safe to share between threads; the bytes never change and live as long as
/// any copy does.
class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::string bytes)
      : owner_(std::make_shared<const std::string>(std::move(bytes))) {}

  std::string_view view() const noexcept {
    return owner_ ? std::string_view(*owner_) : std::string_view();
  }
  std::size_t size() const noexcept { return owner_ ? owner_->size() : 0; }
  bool empty() const noexcept { return size() == 0; }

  friend bool operator==(const Bytes& a, const Bytes& b) noexcept { return a.view() == b.view(); }

 private:
  std::shared_ptr<const std::string> owner_;
};

}  // namespace veredus
