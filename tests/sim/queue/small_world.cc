#include "sim/queue/small_world.h"

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <memory>
#include <numeric>

#include "sim/queue/small_server.h"

namespace veredus::simulation {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using storage::CommitPoint;

template <class T>
T one_of(sim::SeededRandom& random, std::initializer_list<T> values) {
  return *(values.begin() + random.below(values.size()));
}

queue::Limit draw_limit(sim::SeededRandom& random) {
  queue::Limit limit;
  limit.name = "provider";
  if (random.chance(0.5))
    limit.domains = {"*.shared.example", "one.example"};
  else
    limit.mx = {"*.provider.example"};
  const bool both = random.chance(0.5);
  if (both || random.chance(0.5))
    limit.workers_max = static_cast<std::uint32_t>(random.between(1, 2));
  if (both || !limit.workers_max)
    limit.messages_per_minute = static_cast<std::uint32_t>(random.between(1, 100));
  limit.per_destination = random.chance(0.3);
  return limit;
}

queue::QueueConfig draw_config(std::uint64_t seed) {
  sim::SeededRandom random(seed);
  queue::QueueConfig config;
  config.retry_min = one_of<seconds>(random, {minutes(3), minutes(10), minutes(30)});
  config.retry_factor = one_of<double>(random, {1.5, 2, 4});
  config.retry_jitter = one_of<double>(random, {0, 0.2, 0.5});
  config.expire = one_of<seconds>(random, {hours(1), hours(2), hours(6)});
  config.retry_max = std::clamp<seconds>(config.expire / 6, minutes(30), hours(4));
  config.delay_warning = one_of<seconds>(random, {seconds(0), minutes(20), hours(4)});
  config.bounce_expire = one_of<seconds>(random, {hours(1), hours(4)});
  config.bounce_retry_max = one_of<seconds>(random, {minutes(10), hours(1)});
  config.notices_per_minute = one_of<std::uint32_t>(random, {1, 60});
  config.trace = random.chance(0.3);
  config.memory_bytes_max = one_of<std::uint64_t>(random, {0, 3000, 64'000'000});
  config.recipients_per_job_max = one_of<std::uint32_t>(random, {1, 2, 100});
  config.workers_max = static_cast<std::uint32_t>(random.between(2, 12));
  config.workers_per_destination_max =
      std::min(config.workers_max, static_cast<std::uint32_t>(random.between(1, 8)));
  config.workers_start = static_cast<std::uint32_t>(random.between(1, 3));
  if (random.chance(0.7)) config.limits.push_back(draw_limit(random));
  return config;
}

/// The slower the disk, the more happens while it writes and reads.
storage::MemoryConfig draw_disk(std::uint64_t seed) {
  sim::SeededRandom random(seed);
  return {
      .commit_delay = one_of<Duration>(random, {milliseconds(4), milliseconds(200), seconds(3)}),
      .read_delay = one_of<Duration>(random, {milliseconds(1), milliseconds(200), seconds(3)})};
}

/// As mail is really tried.
queue::QueueConfig draw_long_config(std::uint64_t seed) {
  const queue::QueueConfig usual;
  queue::QueueConfig config = draw_config(seed);
  config.expire = usual.expire;
  config.retry_max = usual.retry_max;
  config.delay_warning = usual.delay_warning;
  config.bounce_expire = usual.bounce_expire;
  return config;
}

std::uint64_t mix(std::uint64_t seed, const std::string& text, std::uint64_t number) {
  std::uint64_t hash = seed ^ (number * 0x9e3779b97f4a7c15);
  for (const char octet : text) hash = (hash ^ static_cast<unsigned char>(octet)) * 1099511628211U;
  return sim::SeededRandom(hash).next();
}

}  // namespace

std::vector<std::string> hosts_of(const std::string& destination) {
  if (destination.contains("shared.example")) return {"mx1.provider.example"};
  return {"mx." + destination.substr(destination.find(':') + 1)};
}

SmallPlan wild_small_plan(std::uint64_t seed) {
  sim::SeededRandom random(seed);
  SmallPlan plan;
  plan.messages = random.between(2, 4);
  plan.trouble = one_of<Duration>(random, {hours(1), hours(2), hours(4)});
  const auto by_lot = [&random](double chance, double most) {
    return random.chance(chance) ? most * random.fraction() : 0;
  };
  plan.crash = by_lot(0.5, 0.3);
  plan.commit_crash = by_lot(0.5, 0.05);
  plan.commit_failure = by_lot(0.5, 0.3);
  plan.read_failure = by_lot(0.3, 0.2);
  plan.clock_jump = by_lot(0.3, 0.3);
  plan.order = by_lot(0.5, 1);
  if (random.chance(0.2))
    plan.disk_full = random.between(Duration(minutes(1)), Duration(minutes(40)));
  for (std::uint32_t& weight : plan.moods) weight = static_cast<std::uint32_t>(random.below(6));
  ++plan.moods.front();
  return plan;
}

SmallPlan days_plan(std::uint64_t seed) {
  SmallPlan plan = wild_small_plan(seed);
  plan.days = true;
  plan.messages = 24;
  plan.trouble = hours(24 * 6);
  plan.crash /= 10;
  plan.commit_crash /= 10;
  plan.clock_jump /= 10;
  plan.order /= 10;
  return plan;
}

SmallWorld::SmallWorld(std::uint64_t seed, const SmallPlan& plan)
    : seed_(seed),
      plan_(plan),
      world_(seed),
      config_(plan.days ? draw_long_config(seed) : draw_config(seed)),
      disk_(world_.system().clock, draw_disk(seed)),
      storage_(disk_, seed),
      books_(config_, world_.time()),
      mood_lasts_(world_.choices().between(Duration(minutes(10)), Duration(hours(6)))),
      began_(world_.time().now()) {
  storage_.set_read_failure(plan.read_failure);
  if (seed % 2 == 0) world_.time().tick_wall(std::chrono::microseconds(300));
}

void SmallWorld::live() {
  boot();
  suffer();
  in_trouble_ = false;
  storage_.set_read_failure(0);
  if (!is_running()) boot();
  rest();
  for (const std::string& failure : world_.failures()) books_.problem("task failed: " + failure);
}

bool SmallWorld::is_running() { return world_.server().crashes() == crashes_at_start_; }

void SmallWorld::boot() {
  constexpr int kTriesMax = 1000;
  for (int tries = 0; tries < kTriesMax; ++tries) {
    world_.crash();
    books_.process_died();
    storage_.forget();
    disk_.reopen();
    disk_.set_hook(
        [this](CommitPoint point, std::uint64_t commit) { return on_commit(point, commit); });
    crashes_at_start_ = world_.server().crashes();
    started_ = false;
    server_ = &world_.server().own<SmallServer>(*this);
    world_.spawn("start", server_->start());
    world_.run_until([this] { return started_ || !is_running(); });
    if (started_ && is_running()) return;
    world_.run_for(seconds(1));
  }
  books_.problem("the queue does not start");
}

io::Task<Result<>> SmallWorld::on_commit(CommitPoint point, std::uint64_t commit) {
  bool may_come_again = true;
  if (point == CommitPoint::after_apply) {
    const Written written = storage_.take(commit);
    books_.written(written);
    may_come_again = books_.may_come_again(written);
  }
  const bool planned = plan_.death && *plan_.death == std::pair(point, commit);
  const bool dies = world_.choices().chance(in_trouble_ ? plan_.commit_crash : 0);
  const bool fails = world_.choices().chance(in_trouble_ ? plan_.commit_failure : 0);
  if (dies || planned) co_await world_.server().die();
  const SteadyTime full_from = began_ + plan_.trouble / 3;
  const bool full = in_trouble_ && world_.time().now() >= full_from &&
                    world_.time().now() < full_from + plan_.disk_full;
  if (point == CommitPoint::before_apply && full)
    co_return fail(Fault::overloaded, "storage: less free space than required");
  // After the batch was written it only seems so.
  if (fails && may_come_again) co_return fail(Fault::unavailable, "storage: input/output error");
  co_return Result<>();
}

HopMood SmallWorld::mood_of(const std::string& destination) {
  // A clock that went back may make mail wait longer than it should: then it must get through.
  const bool may_come_back = !in_trouble_ && books_.clock_was_set();
  if (destination == "mx:dead.example" && !may_come_back) return HopMood::away;
  if (!in_trouble_) return HopMood::fine;
  const auto hour = static_cast<std::uint64_t>((world_.time().now() - began_) / mood_lasts_);
  const auto total = std::accumulate(plan_.moods.begin(), plan_.moods.end(), 0U);
  std::uint64_t draw = mix(seed_, destination, hour) % total;
  for (std::size_t mood = 0; mood < plan_.moods.size(); ++mood) {
    if (draw < plan_.moods.at(mood)) return static_cast<HopMood>(mood);
    draw -= plan_.moods.at(mood);
  }
  return HopMood::fine;
}

void SmallWorld::suffer() {
  sim::SeededRandom& choices = world_.choices();
  const SteadyTime end = began_ + plan_.trouble;
  while (world_.time().now() < end) {
    const bool died = world_.run_until([this] { return !is_running(); },
                                       choices.between(Duration::zero(), Duration(hours(1))));
    if (died || choices.chance(plan_.crash)) boot();
    if (choices.chance(plan_.clock_jump)) {
      const auto jump =
          one_of<Duration>(choices, {minutes(20), hours(3), hours(30), hours(24 * 300)});
      books_.clock_jumped();
      world_.time().jump_wall(choices.chance(0.5) ? jump : -jump);
    }
  }
}

/// All that waits must have an outcome once it cannot wait any longer.
void SmallWorld::rest() {
  const Duration patience =
      config_.expire + config_.bounce_expire + config_.retry_max * 4 + hours(4);
  world_.spawn("release", server_->release_all());
  const SteadyTime end = world_.time().now() + patience;
  while (world_.time().now() < end) {
    world_.run_until([this] { return !is_running(); }, minutes(30));
    if (is_running() && written_ >= plan_.messages && books_.waiting().empty()) return;
    if (is_running()) continue;
    if (!plan_.death) books_.problem("the queue did not survive quiet hours");
    boot();
    world_.spawn("release", server_->release_all());
  }
  for (const QueueId id : books_.waiting()) books_.problem(text(id) + " waits for ever");
  world_.spawn("complain", server_->complain());
  world_.run_for(seconds(1));
}

}  // namespace veredus::simulation
