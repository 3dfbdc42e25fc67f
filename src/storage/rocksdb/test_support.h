// For this folder's tests and benchmarks: a storage in a folder of its own, and reactors to use it.

#pragma once

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "io/reactors.h"
#include "io/temporary_folder.h"
#include "io/workers.h"
#include "storage/rocksdb/rocksdb_storage.h"

namespace veredus::storage::support {

using io::TemporaryFolder;

/// Does the work at once, where it is asked to, and counts.
class CountingWorkers final : public io::Workers {
 public:
  io::Task<> run(std::move_only_function<void()> job) override {
    ++jobs_;
    job();
    co_return;
  }
  void start(std::move_only_function<void()> job) override {
    ++jobs_;
    job();
  }
  int jobs() const { return jobs_; }

 private:
  std::atomic<int> jobs_ = 0;
};

/// A storage that can be closed and opened again, and two reactors.
class World {
 public:
  explicit World(RocksdbOptions options) : options_(std::move(options)) {
    reactors_.start(2);
    reopen();
  }
  ~World() {
    reactors_.stop();
    close();
    reactors_.clear();
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void close() {
    if (storage_) storage_->stop();
    storage_.reset();
  }
  void reopen() {
    close();
    Result<std::unique_ptr<RocksdbStorage>> opened = RocksdbStorage::open(options_, workers_);
    if (!opened) throw std::runtime_error(opened.error().text());
    storage_ = std::move(*opened);
  }

  RocksdbOptions& options() { return options_; }
  RocksdbStorage& storage() { return *storage_; }
  CountingWorkers& workers() { return workers_; }
  io::Reactor& reactor(std::size_t number) { return *reactors_.all()[number]; }

  /// Starts `task` on a reactor; the future is its result.
  template <class T>
  std::future<T> start(io::Task<T> task, std::size_t reactor_number = 0) {
    auto promise = std::make_shared<std::promise<T>>();
    std::future<T> future = promise->get_future();
    reactor(reactor_number).spawn("test", keep(std::move(task), std::move(promise)));
    return future;
  }
  /// Runs `task` to its end.
  template <class T>
  T run(io::Task<T> task) {
    return start(std::move(task)).get();
  }

 private:
  template <class T>
  static io::Task<> keep(io::Task<T> task, std::shared_ptr<std::promise<T>> promise) {
    T value = co_await std::move(task);
    promise->set_value(std::move(value));
  }

  RocksdbOptions options_;
  CountingWorkers workers_;
  std::unique_ptr<RocksdbStorage> storage_;
  io::Reactors reactors_;
};

/// Small enough that a test makes it write memtables out. Refuses no mail.
inline RocksdbOptions small_storage(std::string path) {
  RocksdbOptions options;
  options.path = std::move(path);
  options.free_bytes_min = 0;
  options.memory_bytes = std::size_t{16} * 1024 * 1024;
  return options;
}

}  // namespace veredus::storage::support
