#include "main/torture/mischief.h"

#include <algorithm>
#include <array>

namespace veredus::torture {
namespace {

/// How many of 10,000.
struct Odds {
  Step step;
  Slip slip;
  std::uint32_t share;
};

// Few in number, for each of the last three makes the server leave the next hop alone for a while,
// and a queue that only waits shows nothing.
// clang-format off
constexpr std::array kOdds{
    Odds{Step::greeting,  Slip::dawdle,       200},
    Odds{Step::greeting,  Slip::dismiss,      100},
    Odds{Step::greeting,  Slip::cut,          100},
    Odds{Step::sender,    Slip::refuse,        20},
    Odds{Step::sender,    Slip::dawdle,        10},
    Odds{Step::recipient, Slip::refuse,        50},
    Odds{Step::message,   Slip::refuse,        20},
    Odds{Step::message,   Slip::dawdle,        20},
    Odds{Step::message,   Slip::dismiss,        5},
    Odds{Step::message,   Slip::cut,            5},
    Odds{Step::message,   Slip::take_and_cut,   5},
};
// clang-format on

constexpr std::uint32_t kAll = 10'000;

}  // namespace

Slip Mischief::at(Step step) {
  if (over_) return Slip::none;
  std::uint32_t draw = std::uniform_int_distribution<std::uint32_t>(0, kAll - 1)(chance_);
  for (const Odds& odds : kOdds) {
    if (odds.step != step) continue;
    if (draw < odds.share) return odds.slip;
    draw -= odds.share;
  }
  return Slip::none;
}

std::chrono::milliseconds Mischief::delay() {
  return std::chrono::milliseconds(std::uniform_int_distribution<int>(20, 2000)(chance_));
}

}  // namespace veredus::torture
