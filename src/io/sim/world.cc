#include "io/sim/world.h"

#include <cstdio>
#include <cstdlib>

#include "io/sim/loop.h"

namespace veredus::sim {
namespace {

IpAddress address_of(std::string_view text) {
  const auto address = IpAddress::parse(text);
  if (address) return *address;
  std::fprintf(stderr, "World::add_host: %s\n", address.error().text().c_str());
  std::abort();
}

}  // namespace

World::World(std::uint64_t seed, Faults faults)
    : seed_(seed),
      faults_(faults),
      seeds_(seed),
      choices_(derive_seed()),
      wires_(time_, derive_seed(), faults.network),
      dns_(derive_seed(), faults.dns),
      loop_(std::make_unique<Loop>()) {
  add_host("server", "192.0.2.1");
  add_host("outside", "198.51.100.1");
}

World::~World() {
  // Tasks go while everything they may refer to is there: a task of one host holds nothing of
  // another's but the wire between them.
  for (Host& host : hosts_) host.crash(Crash::kill);
}

Host& World::add_host(std::string name, std::string_view address) {
  return hosts_.emplace_back(*this, std::move(name), address_of(address));
}

/// Lets each host do one thing; false when none had any.
bool World::run_ready() {
  // Not a range-for: what runs may add a host.
  bool any = false;
  for (std::size_t i = 0; i < hosts_.size(); ++i) any |= hosts_[i].run_one();
  return any;
}

bool World::step(SteadyTime end) {
  if (run_ready()) return true;
  if (time_.next() > end || time_.next() == SteadyTime::max()) return false;
  time_.fire_next();
  return true;
}

bool World::run_until(const std::function<bool()>& condition, Duration limit) {
  const SteadyTime end = time_.now() + limit;
  while (!condition()) {
    if (step(end)) continue;
    time_.skip_to(end);
    return condition();
  }
  return true;
}

void World::run_for(Duration duration) {
  const SteadyTime end = time_.now() + duration;
  while (step(end)) {
  }
  time_.skip_to(end);
}

bool World::run_until_idle(Duration limit) {
  const SteadyTime end = time_.now() + limit;
  while (step(end)) {
  }
  return time_.next() == SteadyTime::max();
}

std::vector<std::string> World::failures() const {
  std::vector<std::string> all;
  for (const Host& host : hosts_) {
    for (const std::string& failure : host.failures()) all.push_back(host.name() + ": " + failure);
  }
  return all;
}

}  // namespace veredus::sim
