#include "main/commands/progress.h"

#include <iostream>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace veredus::commands {
namespace {

constexpr std::size_t kWidth = 40;
constexpr std::chrono::milliseconds kPause{100};

}  // namespace

Progress::Progress(std::uint64_t total, std::string what)
    : total_(total),
      what_(std::move(what)),
      enabled_(total > 1 && ::isatty(STDERR_FILENO) == 1),
      begun_(std::chrono::steady_clock::now()),
      next_draw_(begun_ + kPause) {}

Progress::~Progress() {
  if (drawn_) std::cerr << "\r\x1B[K" << std::flush;
}

void Progress::update(std::uint64_t done) {
  const auto now = std::chrono::steady_clock::now();
  if (!enabled_ || now < next_draw_) return;
  next_draw_ = now + kPause;
  drawn_ = true;
  const auto filled = static_cast<std::size_t>(kWidth * done / total_);
  const double seconds = std::chrono::duration<double>(now - begun_).count();
  std::cerr << fmt::format("\r[{}{}] {} of {} {}, {:.0f} a second\x1B[K", std::string(filled, '#'),
                           std::string(kWidth - filled, '.'), done, total_, what_,
                           static_cast<double>(done) / seconds)
            << std::flush;
}

}  // namespace veredus::commands
