// Everything that is wrong with a configuration, so that all of it is told at once.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace veredus {

/// One line a complaint, each beginning with the key it rejects: `queue.expire: must be ...`.
class Complaints {
 public:
  void add(std::string_view key, std::string_view what) {
    begin_line();
    text_.append(key).append(": ").append(what);
  }
  void unless(bool good, std::string_view key, std::string_view what) {
    if (!good) add(key, what);
  }
  /// Takes over what another part complained of.
  template <class T>
  void take(const Result<T>& result) {
    if (result) return;
    begin_line();
    text_ += result.error().text();
  }

  bool empty() const noexcept { return text_.empty(); }
  Error error() const { return Error(Fault::malformed, text_); }

 private:
  void begin_line() {
    if (!text_.empty()) text_ += '\n';
  }

  std::string text_;
};

}  // namespace veredus
