// The server as a process: everything real behind the stages, from start to stop.

#pragma once

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "base/result.h"
#include "io/production.h"
#include "mail/accept/drop_folder.h"
#include "mail/manage/control.h"
#include "main/assembly/assembly.h"
#include "main/config/load.h"
#include "main/service/prepare.h"
#include "storage/rocksdb/rocksdb_storage.h"

namespace veredus {

/// Runs from start() until it is destroyed. One in a process: it handles the process's signals.
class Service {
 public:
  /// In a process that prepare() has made ready; returns when it listens. SIGTERM and SIGINT stop
  /// it, the second one at once; SIGHUP reads the configuration again from where it came. Errors:
  /// unavailable (an address or a folder in use, ...; the text says what to do), malformed.
  [[nodiscard]] static Result<std::unique_ptr<Service>> start(config::Loaded loaded,
                                                              std::unique_ptr<Prepared> prepared);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Returns when it has been asked to stop and has done so.
  void wait();

 private:
  Service(config::Loaded loaded, std::unique_ptr<Prepared> prepared)
      : loaded_(std::move(loaded)), prepared_(std::move(prepared)) {}

  Result<> open();
  manage::Surroundings surroundings();
  manage::Status status() const;
  Result<> listen();
  void on_signal(int number);
  static io::Task<Result<>> begin(Service& service);
  static io::Task<> finish(Service& service);
  static io::Task<> reload(Service& service);
  io::Task<> apply(config::Loaded loaded);
  void watch();
  static io::Task<> make_trial_account(Service& service);
  static io::Task<> take_local_mail(Service& service);
  void set_stopped();

  std::string summary() const;

  config::Loaded loaded_;
  std::unique_ptr<Prepared> prepared_;
  std::unique_ptr<io::Production> production_;
  std::unique_ptr<storage::RocksdbStorage> storage_;
  Secret site_key_;
  std::unique_ptr<Assembly> assembly_;
  std::unique_ptr<manage::ControlServer> control_;
  std::unique_ptr<accept::DropFolder> drop_;
  bool stopping_ = false;   // on the first reactor, and so the next two
  bool reloading_ = false;  // one at a time
  bool reload_again_ = false;
  bool stopped_set_ = false;
  std::promise<void> stopped_;
};

}  // namespace veredus
