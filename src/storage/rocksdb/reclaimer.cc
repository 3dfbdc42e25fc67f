#include "storage/rocksdb/reclaimer.h"

#include <chrono>

#include <pthread.h>

#include "base/log.h"

namespace veredus::storage {
namespace {

constexpr std::chrono::seconds kPause{1};

}  // namespace

Reclaimer::Reclaimer(Database& database) : database_(database), thread_([this] { run(); }) {}

Reclaimer::~Reclaimer() { stop(); }

void Reclaimer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_asked_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Reclaimer::run() {
  ::pthread_setname_np(::pthread_self(), "reclaimer");
  std::unique_lock lock(mutex_);
  while (!stop_asked_.wait_for(lock, kPause, [this] { return stopping_; })) {
    lock.unlock();
    if (Result<> done = database_.reclaim(); !done)
      log::error("storage_reclaim_failed", {{"error", done.error().text()}});
    lock.lock();
  }
}

}  // namespace veredus::storage
