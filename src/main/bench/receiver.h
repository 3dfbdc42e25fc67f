// The sink's side of a dialogue: octets in, replies out, without I/O.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "main/bench/message_end.h"
#include "wire/smtp/command.h"
#include "wire/smtp/dialogue.h"

namespace veredus::bench {

/// Says yes to all but a share of what it is asked. Which ones, the seed decides and how many were
/// asked before, whatever the connections and threads. Thread-safe.
class Refusals {
 public:
  Refusals(double share, std::uint64_t seed);

  bool is_next() noexcept;

 private:
  double share_;
  std::uint64_t seed_;
  std::atomic<std::uint64_t> asked_{0};
};

/// Takes all mail for anybody and keeps none of it.
class Receiver {
 public:
  struct Rules {
    bool offers_tls = false;
    Refusals& messages;    ///< 451 after the final dot.
    Refusals& recipients;  ///< 550
  };
  explicit Receiver(const Rules& rules);

  static std::string_view greeting() noexcept;

  /// Reads as much of `input` as is complete and appends the replies to `replies`; stops behind
  /// STARTTLS and QUIT. Returns the octets used; what is left is the beginning of a line.
  std::size_t feed(std::string_view input, std::string& replies);

  /// Messages that were taken, in the replies of all feed() so far.
  std::uint64_t taken() const noexcept { return taken_; }
  bool wants_tls() const noexcept { return wants_tls_; }
  void tls_started() noexcept;
  bool tls_on() const noexcept { return dialogue_.tls_on(); }
  bool is_over() const noexcept { return over_; }

 private:
  void handle(std::string_view line, std::string& replies);
  void agree(smtp::Verb verb, std::string& replies);
  void end_message(std::string& replies);

  Rules rules_;
  smtp::Dialogue dialogue_;
  MessageEnd message_end_;
  std::uint64_t taken_ = 0;
  bool in_message_ = false;
  bool wants_tls_ = false;
  bool over_ = false;
};

}  // namespace veredus::bench
