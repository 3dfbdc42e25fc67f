// The server as a process: everything real behind the stages, from start to stop.

#pragma once

#include <future>
#include <memory>

#include "base/result.h"
#include "io/production.h"
#include "mail/manage/control.h"
#include "main/assembly/assembly.h"
#include "main/config/load.h"
#include "storage/rocksdb/rocksdb_storage.h"

namespace veredus {

/// Runs from start() until it is destroyed. One in a process: it handles the process's signals.
class Service {
 public:
  /// Returns when it listens. SIGTERM and SIGINT stop it, the second one at once; SIGHUP reads
  /// the configuration again from where it came. Errors: unavailable (an address or a folder in
  /// use, ...; the text says what to do), malformed.
  [[nodiscard]] static Result<std::unique_ptr<Service>> start(config::Loaded loaded);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Returns when it has been asked to stop and has done so.
  void wait();

 private:
  explicit Service(config::Loaded loaded) : loaded_(std::move(loaded)) {}

  Result<> open();
  manage::Surroundings surroundings();
  manage::Status status() const;
  Result<> listen();
  void on_signal(int number);
  static io::Task<Result<>> begin(Service& service);
  static io::Task<> finish(Service& service);
  static io::Task<> reload(Service& service);
  void apply(Result<config::Loaded> loaded);
  void set_stopped();

  config::Loaded loaded_;
  std::unique_ptr<io::Production> production_;
  std::unique_ptr<storage::RocksdbStorage> storage_;
  std::unique_ptr<Assembly> assembly_;
  std::unique_ptr<manage::ControlServer> control_;
  bool stopping_ = false;  // on the first reactor
  bool stopped_set_ = false;
  std::promise<void> stopped_;
};

}  // namespace veredus
