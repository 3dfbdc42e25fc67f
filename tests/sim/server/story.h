// One run of the whole server in a world that turns against it, then relents.

#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "io/sim/world.h"
#include "sim/server/ledger.h"
#include "sim/server/next_hop.h"
#include "sim/server/sender.h"
#include "storage/memory/memory_storage.h"
#include "support/site.h"

namespace veredus::simulation {

/// How bad it gets. The defaults: not at all.
struct Plan {
  sim::Faults faults;
  double hostility = 0;       ///< Of next hops: the most that any of their misdeeds is likely.
  double crash = 0;           ///< Of the server, about every five minutes.
  double commit_crash = 0;    ///< At each commit, before it and after it.
  double commit_failure = 0;  ///< Of each commit.
  std::size_t senders = 1;
  std::size_t letters = 3;       ///< From each sender.
  Duration pause_max{0};         ///< Between the letters of one sender.
  Duration trouble{0};           ///< How long it lasts.
  double clock_jump = 0;         ///< About every five minutes.
  Duration disk_full{0};         ///< Commits fail so long, from the first third of trouble on.
  bool odd_settings = false;     ///< Limits and next hops drawn by lot.
  bool has_dead_domain = false;  ///< One domain's host comes up only in the end.
};

/// Everything that a seed may bring.
Plan wild_plan();

/// Builds the world, lets it live, and enters into the ledger's problems what should not be.
class Story {
 public:
  Story(std::uint64_t seed, const Plan& plan);

  /// The server dies at this commit, counted over all its lives, if that many come.
  void crash_at(storage::CommitPoint point, std::uint64_t commit, sim::Crash how);

  /// Trouble, then twelve quiet hours, then a power cut; the books are checked at every death of
  /// the server and at the end.
  void live();

  const Ledger& ledger() const noexcept { return ledger_; }
  sim::World& world() noexcept { return world_; }
  testing::Site& site() noexcept { return site_; }
  std::uint64_t crashes() { return world_.server().crashes(); }
  /// Copies of a letter in the mailbox of a recipient of ours.
  std::size_t copies_in_mailbox(std::uint64_t letter, const std::string& recipient) const {
    return in_mailboxes_.count({letter, recipient});
  }

 private:
  struct CrashPoint {
    storage::CommitPoint point;
    std::uint64_t commit;
    sim::Crash how;
  };

  void fill_dns();
  void open_next_hops();
  void open_next_hop(const io::Endpoint& endpoint, bool lmtp = false);
  void start_senders();
  void boot();
  void suffer();
  void end_process();
  void relent();
  void rest();
  io::Task<Result<>> on_commit(storage::CommitPoint point, std::uint64_t commit);

  void check(bool is_end);
  void read_mailboxes();
  void read_queue(bool is_end);
  void read_notice(const queue::Envelope& envelope);
  io::Task<> read_body(const queue::Envelope& envelope, std::string& body, bool& done);
  void note_standing(std::uint64_t letter, const std::string& recipient,
                     const queue::Standing& standing, bool is_end);
  bool is_accounted_for(const Letter& letter, const std::string& recipient) const;
  void set_clock();
  bool is_disk_full();

  using Copy = std::pair<std::uint64_t, std::string>;  // letter, recipient

  const Plan plan_;
  Ledger ledger_;
  Addressees addressees_;
  std::deque<Temper> tempers_;  // each next hop refers to its own
  sim::World world_;
  testing::Site site_;
  std::vector<Sender*> senders_;
  std::optional<CrashPoint> crash_point_;
  bool in_trouble_ = true;
  SteadyTime began_;
  std::multiset<Copy> in_mailboxes_;
  std::set<Copy> in_queue_;  // held ones included
};

}  // namespace veredus::simulation
