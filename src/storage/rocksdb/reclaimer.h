// Gives back the room of what is gone, beside everything else.

#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "storage/rocksdb/database.h"

namespace veredus::storage {

class Reclaimer {
 public:
  /// `database` outlives it.
  explicit Reclaimer(Database& database);
  ~Reclaimer();

  Reclaimer(const Reclaimer&) = delete;
  Reclaimer& operator=(const Reclaimer&) = delete;

  /// Ends the thread, after what it has in hand.
  void stop();

 private:
  void run();

  Database& database_;
  std::mutex mutex_;
  std::condition_variable stop_asked_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace veredus::storage
