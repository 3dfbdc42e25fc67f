// What a next hop does wrong, by chance, from a seed.

#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace veredus::torture {

/// Where in the dialogue.
enum class Step : std::uint8_t { greeting, sender, recipient, message };

enum class Slip : std::uint8_t {
  none,
  refuse,        ///< 4yz
  dawdle,        ///< A late answer.
  dismiss,       ///< 421 and the end of the connection.
  cut,           ///< The end of the connection, without a word.
  take_and_cut,  ///< The same, but the message was taken: it will come twice.
};

class Mischief {
 public:
  explicit Mischief(std::uint64_t seed) : chance_(seed) {}

  Slip at(Step step);
  /// For Slip::dawdle: 20 ms to 2 s.
  std::chrono::milliseconds delay();
  /// From now on no slip.
  void end() noexcept { over_ = true; }

 private:
  std::mt19937_64 chance_;
  bool over_ = false;
};

}  // namespace veredus::torture
