#include "sim/server/story.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

#include "base/text.h"
#include "mail/queue/envelope.h"

namespace veredus::simulation {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using storage::CommitPoint;

constexpr std::array kMailboxes{"you", "other"};
constexpr Duration kCalm = hours(12);

io::Endpoint endpoint(std::string_view text) { return io::Endpoint::parse(text).value(); }

/// The server's settings; with `odd` some of them as no postmaster would have them all at once.
AssemblyConfig settings(sim::SeededRandom random, bool odd) {
  AssemblyConfig config = testing::default_config();
  route::DomainConfig lmtp;
  lmtp.name = "lmtp.test";
  lmtp.deliver = "lmtp:///run/lmtp.sock";
  config.route.domains.push_back(lmtp);
  // Where notices for people elsewhere go, without any DNS that may lie.
  route::DomainConfig clients;
  clients.name = "client.example";
  clients.deliver = "lmtp:///run/clients.sock";
  config.route.domains.push_back(clients);
  config.queue.retry_min = seconds(60);
  config.queue.retry_max = minutes(30);
  if (!odd) return config;
  constexpr std::array<std::uint64_t, 3> kMemory{0, 20'000, 64'000'000};
  constexpr std::array<std::uint32_t, 3> kRecipients{1, 2, 100};
  constexpr std::array<std::uint32_t, 3> kMessages{1, 3, 1000};
  config.queue.delay_warning = random.chance(0.5) ? minutes(10) : hours(4);
  config.queue.notices_per_minute = random.chance(0.5) ? 1 : 60;
  config.queue.memory_bytes_max = kMemory.at(random.below(3));
  config.queue.recipients_per_job_max = kRecipients.at(random.below(3));
  config.queue.workers_per_destination_max = static_cast<std::uint32_t>(random.between(1, 8));
  config.queue.workers_max = static_cast<std::uint32_t>(random.between(8, 30));
  config.deliver.messages_per_connection_max = kMessages.at(random.below(3));
  config.accept.memory_bytes_max = random.chance(0.5) ? storage::kChunkBytes : accept::kMiB;
  return config;
}

Temper draw_temper(sim::SeededRandom& random, double hostility) {
  Temper temper;
  temper.esmtp = hostility == 0 || random.chance(0.85);
  temper.pipelining = hostility == 0 || random.chance(0.6);
  temper.eight_bit = hostility == 0 || random.chance(0.6);
  const double worst = hostility * random.fraction();
  temper.temporary = worst * random.fraction();
  temper.permanent = worst * random.fraction() / 10;
  temper.goodbye = worst * random.fraction();
  temper.cut = worst * random.fraction();
  temper.silent = worst * random.fraction() / 10;
  temper.slow = worst * random.fraction();
  return temper;
}

}  // namespace

Plan wild_plan() {
  Plan plan;
  plan.faults.network.refuse = 0.05;
  plan.faults.network.hang = 0.02;
  plan.faults.network.cut = 0.15;
  plan.faults.network.stall = 0.03;
  plan.faults.network.octets_max = 3000;
  plan.faults.dns.servfail = 0.05;
  plan.faults.dns.timeout = 0.02;
  plan.faults.dns.nxdomain = 0.01;
  plan.faults.files.failure = 0.02;
  plan.hostility = 0.3;
  plan.crash = 0.3;
  plan.commit_crash = 0.01;
  plan.commit_failure = 0.03;
  plan.senders = 4;
  plan.letters = 6;
  plan.pause_max = minutes(10);
  plan.trouble = hours(1);
  plan.clock_jump = 0.02;
  plan.odd_settings = true;
  plan.has_dead_domain = true;
  return plan;
}

Story::Story(std::uint64_t seed, const Plan& plan)
    : plan_(plan),
      world_(seed, plan.faults),
      site_(world_, settings(sim::SeededRandom(seed), plan.odd_settings),
            {.commit_delay = milliseconds(4), .read_delay = milliseconds(1)}) {
  addressees_.all = {"you@example.test", "other@example.test", "sales@example.test",
                     "a@remote.example", "b@remote.example",   "bad@remote.example",
                     "c@plain.example",  "d@busy.example",     "e@busy.example",
                     "f@lmtp.test",      "g@lmtp.test",        "h@null.example"};
  if (plan.has_dead_domain) addressees_.all.emplace_back("i@dead.example");
  fill_dns();
  open_next_hops();
  began_ = world_.time().now();
  ledger_.set_believable(plan_.faults.dns.nxdomain > 0, /*expired=*/false);
}

void Story::crash_at(CommitPoint point, std::uint64_t commit, sim::Crash how) {
  crash_point_ = CrashPoint{point, commit, how};
}

void Story::live() {
  boot();
  start_senders();
  suffer();
  relent();
  rest();
  site_.crash(sim::Crash::power);
  check(/*is_end=*/true);
  for (const std::string& failure : world_.failures()) ledger_.problem("task failed: " + failure);
}

void Story::fill_dns() {
  sim::DnsTable& dns = world_.dns();
  dns.mx("remote.example", 10, "mx1.remote.example");
  dns.mx("remote.example", 20, "mx2.remote.example");
  dns.address("mx1.remote.example", "203.0.113.1");
  dns.address("mx2.remote.example", "203.0.113.2");
  dns.address("plain.example", "203.0.113.3");
  dns.mx("busy.example", 10, "mx.busy.example");
  dns.address("mx.busy.example", "2001:db8::4");  // Where nobody listens.
  dns.address("mx.busy.example", "203.0.113.4");
  dns.mx("dead.example", 10, "mx.dead.example");
  dns.address("mx.dead.example", "203.0.113.5");
  dns.mx("null.example", 0, "");
}

void Story::open_next_hops() {
  for (const char* text : {"203.0.113.1:25", "203.0.113.2:25", "203.0.113.3:25", "203.0.113.4:25"})
    open_next_hop(endpoint(text));
  open_next_hop(io::Endpoint::unix_socket("/run/clients.sock"), /*lmtp=*/true);
  tempers_.back().permanent = 0;  // So that every notice that can arrive does.
  tempers_.back().eight_bit = true;
  open_next_hop(io::Endpoint::unix_socket("/run/lmtp.sock"), /*lmtp=*/true);
}

void Story::open_next_hop(const io::Endpoint& endpoint, bool lmtp) {
  sim::Host& outside = world_.outside();
  Temper& temper = tempers_.emplace_back(draw_temper(world_.choices(), plan_.hostility));
  temper.lmtp = lmtp;
  temper.esmtp = temper.esmtp || lmtp;
  if (lmtp) temper.temporary = plan_.hostility;  // So that recipients of one message differ.
  auto& hop = outside.own<NextHop>(outside, ledger_, temper, world_.choices().next());
  outside.spawn("next_hop", hop.listen(endpoint));
}

void Story::start_senders() {
  sim::Host& outside = world_.outside();
  for (std::size_t i = 0; i < plan_.senders; ++i) {
    auto& sender = outside.own<Sender>(outside, ledger_, addressees_, world_.choices().next());
    senders_.push_back(&sender);
    outside.spawn("sender", sender.run(site_.endpoint(), plan_.letters, plan_.pause_max));
  }
}

/// A start may fail as anything may: whoever supervises the server tries again.
void Story::boot() {
  constexpr int kTriesMax = 100;
  for (int tries = 0; tries < kTriesMax; ++tries) {
    site_.disk().set_hook(
        [this](CommitPoint point, std::uint64_t commit) { return on_commit(point, commit); });
    if (site_.start()) return;
    world_.run_for(seconds(1));
  }
  ledger_.problem("the server does not start");
}

io::Task<Result<>> Story::on_commit(CommitPoint point, std::uint64_t commit) {
  const bool planned =
      crash_point_ && crash_point_->point == point && crash_point_->commit == commit;
  const bool kill = world_.choices().chance(0.5);
  const bool dies = world_.choices().chance(in_trouble_ ? plan_.commit_crash : 0);
  const bool fails = world_.choices().chance(in_trouble_ ? plan_.commit_failure : 0);
  if (planned) co_await world_.server().die(crash_point_->how);
  if (dies) co_await world_.server().die(kill ? sim::Crash::kill : sim::Crash::power);
  if (point == CommitPoint::before_apply && is_disk_full())
    co_return fail(Fault::overloaded, "storage: less free space than required");
  if (fails && point == CommitPoint::before_apply)
    co_return fail(kill ? Fault::overloaded : Fault::unavailable, "storage: input/output error");
  co_return Result<>();
}

void Story::suffer() {
  sim::SeededRandom& choices = world_.choices();
  const SteadyTime end = world_.time().now() + plan_.trouble;
  const auto all_sent = [this] { return std::ranges::all_of(senders_, &Sender::is_done); };
  while (world_.time().now() < end || !all_sent()) {
    const bool died = world_.run_until([this] { return !site_.is_running(); },
                                       choices.between(Duration::zero(), Duration(minutes(10))));
    if (choices.chance(plan_.clock_jump)) set_clock();
    const bool end_it = choices.chance(plan_.crash) && world_.time().now() < end;
    if (!died && !end_it) continue;
    if (!died) end_process();
    site_.crash(sim::Crash::kill);
    check(/*is_end=*/false);
    boot();
  }
}

void Story::set_clock() {
  constexpr std::array<Duration, 3> kJumps{minutes(20), hours(30), hours(24 * 300)};
  const Duration jump = kJumps.at(world_.choices().below(kJumps.size()));
  world_.time().jump_wall(world_.choices().chance(0.5) ? jump : -jump);
  ledger_.set_believable(plan_.faults.dns.nxdomain > 0, /*expired=*/true);
}

bool Story::is_disk_full() {
  const SteadyTime from = began_ + plan_.trouble / 3;
  const SteadyTime now = world_.time().now();
  return in_trouble_ && now >= from && now < from + plan_.disk_full;
}

void Story::end_process() {
  sim::SeededRandom& choices = world_.choices();
  if (choices.chance(0.2)) {
    site_.stop();
  } else {
    site_.crash(choices.chance(0.5) ? sim::Crash::kill : sim::Crash::power);
  }
}

/// From here on nothing goes wrong any more; the server goes on, or is started again.
void Story::relent() {
  in_trouble_ = false;
  for (Temper& temper : tempers_) temper = temper.calm();
  world_.wires().set_faults({});
  world_.dns().set_faults({});
  world_.server().files().set_faults({});
  if (plan_.has_dead_domain) open_next_hop(endpoint("203.0.113.5:25"));
  tempers_.back() = tempers_.back().calm();
  if (site_.is_running() && world_.choices().chance(0.5)) return;
  site_.crash(sim::Crash::kill);
  check(/*is_end=*/false);
  boot();
}

/// Only a planned death comes here still.
void Story::rest() {
  const SteadyTime end = world_.time().now() + kCalm;
  const auto died = [this] { return !site_.is_running(); };
  while (world_.run_until(died, end - world_.time().now())) {
    if (!crash_point_) ledger_.problem("the server did not survive quiet hours");
    site_.crash(sim::Crash::kill);
    check(/*is_end=*/false);
    boot();
  }
}

/// Every recipient of every acknowledged letter has it, or is in the queue, or its sender was told.
void Story::check(bool is_end) {
  world_.server().files().set_faults({});
  in_mailboxes_.clear();
  in_queue_.clear();
  read_mailboxes();
  read_queue(is_end);
  for (const auto& [number, letter] : ledger_.letters()) {
    if (!letter.acknowledged) continue;
    for (const std::string& recipient : letter.promised)
      if (!is_accounted_for(letter, recipient))
        ledger_.problem("LOST: letter " + std::to_string(number) + " to <" + recipient + ">");
  }
  if (in_trouble_) world_.server().files().set_faults(plan_.faults.files);
}

bool Story::is_accounted_for(const Letter& letter, const std::string& recipient) const {
  const bool has_it = in_mailboxes_.contains({letter.number, recipient});
  const bool is_told = ledger_.was_told(dsn::Action::failed, letter.number, recipient);
  if (has_it && is_told) return false;
  if (has_it || is_told || in_queue_.contains({letter.number, recipient})) return true;
  if (ledger_.was_relayed(letter.number, recipient)) return true;
  // Nobody can be told; and no mailbox of ours ever refuses.
  const bool is_ours = recipient.ends_with("@example.test");
  return (letter.sender.empty() || letter.sender == "gone@null.example") && !is_ours;
}

void Story::read_mailboxes() {
  for (const std::string name : kMailboxes) {
    const std::string recipient = name + "@example.test";
    for (const std::string& text : site_.mailbox("example.test/" + name)) {
      if (!text.contains("\nDelivered-To: " + recipient + "\n"))
        ledger_.problem("a message in the mailbox of <" + recipient + "> says otherwise");
      if (const auto letter = ledger_.received(text, recipient))
        in_mailboxes_.emplace(*letter, recipient);
    }
  }
}

void Story::read_queue(bool is_end) {
  for (const queue::Listed& listed : site_.queued()) {
    if (listed.envelope.origin.protocol == "notice") {
      read_notice(listed.envelope);
      if (is_end) ledger_.problem("a notice still waits in the end: " + text(listed.envelope.id));
      continue;
    }
    std::string_view id = listed.envelope.message_id;
    if (id.starts_with('<')) id.remove_prefix(1);
    const auto letter = to_number(id.substr(0, id.find('@')));
    if (!letter) {
      ledger_.problem("a message in the queue that nobody sent: " + listed.envelope.message_id);
      continue;
    }
    for (std::size_t i = 0; i < listed.standings.size(); ++i)
      note_standing(*letter, listed.envelope.recipients[i].address.text(), listed.standings[i],
                    is_end);
  }
}

void Story::read_notice(const queue::Envelope& envelope) {
  std::string body;
  bool done = false;
  world_.outside().spawn("read", read_body(envelope, body, done));
  world_.run_until([&done] { return done; });
  const queue::Recipient& to = envelope.recipients.front();
  ledger_.told(body, to.original.empty() ? to.address.text() : to.original);
}

io::Task<> Story::read_body(const queue::Envelope& envelope, std::string& body, bool& done) {
  for (std::uint32_t i = 0; i < envelope.chunk_count; ++i) {
    const storage::BlobId id{static_cast<std::uint64_t>(envelope.id)};
    const Result<Bytes> chunk = co_await site_.disk().read(id, i);
    if (chunk) body += chunk->view();
  }
  done = true;
}

void Story::note_standing(std::uint64_t letter, const std::string& recipient,
                          const queue::Standing& standing, bool is_end) {
  const std::string name = "letter " + std::to_string(letter) + " to <" + recipient + "> ";
  switch (standing.state) {
    case queue::State::pending:
    case queue::State::deferred:
      in_queue_.emplace(letter, recipient);
      if (is_end) ledger_.problem(name + "still waits in the end: " + standing.reply);
      return;
    case queue::State::failed:
      in_queue_.emplace(letter, recipient);
      if (is_end) ledger_.problem(name + "failed, and nobody was told: " + standing.reply);
      if (!ledger_.is_good_reason(standing.reply))
        ledger_.problem(name + "was given up for no good reason: " + standing.reply);
      return;
    case queue::State::delivered:
    case queue::State::relayed:
    case queue::State::bounced:
    case queue::State::removed:
      return;  // So the copy, or the notice, must be where it is said to be.
  }
}

}  // namespace veredus::simulation
