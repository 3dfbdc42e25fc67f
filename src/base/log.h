// The structured log: one line a fact, `event` a constant to grep for, values escaped.
//
//   log::info("delivery_deferred", {{"queue_id", text(id)}, {"domain", domain}, {"attempt", 3}});
//   -> time=... level=info event=delivery_deferred queue_id=01J8... domain=example.org attempt=3
//
// Writing never blocks the caller: lines go to a bounded ring that a thread of its own empties;
// when it overflows the oldest lines go and a line `event=log_overflow` says how many. Lines gather
// for up to 10 ms: kill -9 may lose the log, never the mail, of that time.

#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.h"

namespace veredus::log {

enum class Level : std::uint8_t { debug, info, warning, error };
enum class Format : std::uint8_t { logfmt, json };

/// A name and its value, which it borrows: make it in the call that it is for. Secrets have no
/// constructor here, and never will.
class Field {
 public:
  Field(std::string_view name, std::string_view value) : name_(name), text_(value) {}
  Field(std::string_view name, const char* value) : name_(name), text_(value) {}
  Field(std::string_view name, const std::string& value) : name_(name), text_(value) {}
  Field(std::string_view name, bool value)
      : name_(name), text_(value ? "true" : "false"), bare_(true) {}
  Field(std::string_view name, std::integral auto value) : name_(name), bare_(true) {
    digits_count_ = std::to_chars(digits_.begin(), digits_.end(), value).ptr - digits_.begin();
  }

  std::string_view name() const noexcept { return name_; }
  std::string_view text() const noexcept {
    return digits_count_ > 0 ? std::string_view(digits_.begin(), digits_.begin() + digits_count_)
                             : text_;
  }
  /// A number or truth value: JSON needs no quotes round it.
  bool is_bare() const noexcept { return bare_; }

 private:
  std::string_view name_;
  std::string_view text_;
  std::array<char, 20> digits_{};  ///< Of a number; the longest are -2^63 and 2^64-1.
  std::ptrdiff_t digits_count_ = 0;
  bool bare_ = false;
};

struct LogConfig {
  Level level = Level::info;
  Format format = Format::logfmt;
  std::string file;  ///< Appended to; empty is standard error.

  friend bool operator==(const LogConfig&, const LogConfig&) = default;
};

/// Call once, before threads start. Without it, lines go to standard error from `info` up.
[[nodiscard]] Result<> start(const LogConfig& config);
/// Writes what is still in the ring and ends its thread.
void stop();

/// From now on the least that is written; for commands, whose output is not a log.
void set_level(Level level) noexcept;
bool enabled(Level level) noexcept;
void write(Level level, std::string_view event, std::initializer_list<Field> fields);

inline void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::debug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::info, event, fields);
}
inline void warning(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::warning, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::error, event, fields);
}

/// The line without its newline; for tests and for write().
std::string render(Format format, std::string_view time, Level level, std::string_view event,
                   std::initializer_list<Field> fields);

}  // namespace veredus::log
