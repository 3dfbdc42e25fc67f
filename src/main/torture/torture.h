// One torture run: load, kill -9, restart, again and again; then everything acknowledged must have
// arrived.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "base/result.h"
#include "io/production.h"
#include "main/torture/books.h"
#include "main/torture/collector.h"
#include "main/torture/folder.h"
#include "main/torture/load.h"
#include "main/torture/report.h"
#include "main/torture/server.h"
#include "main/torture/sink.h"

namespace veredus::torture {

struct Order {
  std::chrono::duration<double> duration;  ///< Of the load.
  std::uint32_t sessions = 20;
  std::uint64_t seed = 0;  ///< Of all that is left to chance, but for the mails' secret numbers.
};

/// How far it is.
struct Progress {
  std::chrono::duration<double> elapsed{0};
  bool draining = false;  ///< The load is over, the queue is to be emptied.
  std::uint64_t kills = 0;
  Counts counts;
  std::uint64_t outstanding = 0;
};

/// SIGINT, SIGTERM and SIGHUP end it early; so it is the only one in the process.
class Torture {
 public:
  using Observe = std::function<void(const Progress&)>;

  /// `folder` outlives it. `observe` is called about five times a second by run().
  Torture(Order order, const Folder& folder, Observe observe);
  ~Torture();
  Torture(const Torture&) = delete;
  Torture& operator=(const Torture&) = delete;

  /// Blocks until it is over. The thread that calls it must outlive this object. Errors:
  /// unavailable (the server cannot be started at all; the text says why).
  Result<Report> run();

 private:
  enum class Pause : std::uint8_t { over, server_ended, interrupted };

  Result<> set_up();
  Result<> listen();
  Result<> load_and_kill();
  Result<> start_again();
  void kill_server();
  Result<> start_server();
  Result<> await_server();
  Pause pause(Duration duration);
  void note_flushes();
  void note_crash();
  void end_load();
  void drain();
  bool is_drained(Duration quiet);
  void note_missing();
  void stop_server();
  void fill_report();
  void observe_now();
  bool is_interrupted() const;
  double draw(double least, double most);

  /// Runs `what` on the reactor and waits for its result.
  template <class What>
  auto ask_reactor(What what);

  Order order_;
  const Folder& folder_;
  Observe observe_;
  std::mt19937_64 chance_;
  std::unique_ptr<io::Production> production_;
  std::unique_ptr<Books> books_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<Collector> collector_;
  std::unique_ptr<Load> load_;
  std::optional<Server> server_;
  std::promise<void> interrupt_;
  std::future<void> interrupted_;
  bool interrupt_set_ = false;  // on the reactor

  Report report_;
  bool draining_ = false;
  SteadyTime begun_;
  SteadyTime life_begun_;
  SteadyTime observed_;
  std::uint64_t flushes_ = 0;
  std::chrono::duration<double> flush_time_{0};  // In which the flushes were made.
};

}  // namespace veredus::torture
