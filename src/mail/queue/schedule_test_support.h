// A schedule in tests, and a short language for what it decides.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mail/queue/schedule.h"

namespace veredus::queue {

inline constexpr SteadyTime kTestEpoch{std::chrono::hours(1)};
inline constexpr SteadyTime kTestFar = kTestEpoch + std::chrono::hours(1000);

inline SteadyTime at(int second) { return kTestEpoch + std::chrono::seconds(second); }

inline QueueConfig config_with(std::uint32_t per_destination, std::uint32_t in_all) {
  QueueConfig config;
  config.workers_per_destination_max = per_destination;
  config.workers_max = in_all;
  return config;
}

/// "start a", "hand 1=7" (waiter 1 gets message 7), "end 1".
class ScheduleBench {
 public:
  explicit ScheduleBench(const QueueConfig& config = QueueConfig())
      : schedule_(config, kTestEpoch) {}

  Schedule& schedule() { return schedule_; }
  void add(std::uint64_t id, std::string_view destination, std::uint32_t sender = 0) {
    schedule_.add({QueueId{id}, schedule_.intern(destination), SenderKey{sender}});
  }
  void defer(std::uint64_t id, std::string_view destination, int second) {
    schedule_.defer({QueueId{id}, schedule_.intern(destination)}, at(second));
  }
  void ask(std::string_view destination, std::uint64_t waiter, SteadyTime deadline = kTestFar,
           const std::vector<std::string>& hosts = {}) {
    schedule_.ask(destination, WaiterId{waiter}, deadline, hosts);
  }
  void ask_with(std::string_view destination, std::uint64_t waiter, std::string_view host) {
    ask(destination, waiter, kTestFar, {std::string(host)});
  }
  bool judge(std::string_view destination, Verdict verdict, int second) {
    const std::string_view error = verdict == Verdict::success ? "" : "4.4.1 connection refused";
    return schedule_.judge(schedule_.intern(destination), verdict, at(second), error);
  }
  void done(std::string_view destination) { schedule_.done(schedule_.intern(destination)); }

  std::string act(int second) {
    std::string all;
    while (const auto action = schedule_.act(at(second))) {
      if (!all.empty()) all += ", ";
      const auto waiter = static_cast<std::uint64_t>(action->waiter);
      switch (action->kind) {
        case Action::Kind::start:
          all += "start " + schedule_.name(action->destination);
          break;
        case Action::Kind::end:
          all += "end " + std::to_string(waiter);
          break;
        case Action::Kind::hand:
          all += "hand " + std::to_string(waiter) + "=" +
                 std::to_string(static_cast<std::uint64_t>(action->entry.id));
      }
    }
    return all;
  }

 private:
  Schedule schedule_;
};

}  // namespace veredus::queue
