// The configuration as the program uses it: one struct, good defaults, filled from one TOML file.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/log.h"
#include "io/endpoint.h"
#include "io/unbound_resolver.h"
#include "main/assembly/assembly.h"
#include "storage/rocksdb/rocksdb_options.h"

namespace veredus::config {

/// A door: [[listen]].
struct Listen {
  io::Endpoint address = io::Endpoint(IpAddress(), 25);
  accept::Port service = {};
};

/// What [relay] says: who may send where, and what takes all other mail.
struct Relay {
  std::vector<IpNetwork> networks;   ///< policy::RelayConfig::networks
  std::vector<std::string> domains;  ///< route::RouteConfig::relay_domains
  std::string smart_host;            ///< route::RouteConfig::smart_host
};

/// What [storage] says. The database is in `path`/db, Maildirs are below `path`/mail.
struct Storage {
  std::string path;
  bool sync = true;
  std::size_t free_bytes_min = storage::RocksdbOptions{}.free_bytes_min;
  std::size_t memory_bytes = storage::RocksdbOptions{}.memory_bytes;

  friend bool operator==(const Storage&, const Storage&) = default;
};

/// What [dns] says: see io::ResolverOptions.
struct Dns {
  std::vector<io::Endpoint> servers;
  bool use_resolv_conf = true;
  std::string trust_anchor_file;
  std::chrono::milliseconds deadline = io::ResolverOptions{}.deadline;
  std::size_t cache_bytes_max = io::ResolverOptions{}.cache_bytes_max;

  friend bool operator==(const Dns&, const Dns&) = default;
};

/// What [aliases] says: how many addresses one may stand for.
struct Aliases {
  std::size_t expansions_max = route::RouteConfig{}.expansions_max;
  std::size_t depth_max = route::RouteConfig{}.alias_depth_max;
};

/// What [trace] says: see storage::RocksdbOptions.
struct Trace {
  std::chrono::seconds keep = storage::RocksdbOptions{}.trace_keep;  ///< 0: nothing is kept.
  std::uint64_t bytes_max = storage::RocksdbOptions{}.trace_bytes_max;

  friend bool operator==(const Trace&, const Trace&) = default;
};

struct Config {
  Config();

  std::string hostname;
  unsigned threads = 0;  ///< Reactors; 0: one a core.
  std::vector<Listen> listen;
  Storage storage;
  std::vector<route::DomainConfig> domains;
  std::vector<route::StaticRoute> routes;
  Relay relay;
  Aliases aliases;
  accept::AcceptConfig accept;
  queue::QueueConfig queue;  ///< But for its limits, its sources and `trace`.
  std::vector<queue::Limit> limits;
  deliver::DeliverConfig deliver;
  notice::NoticeConfig notice;  ///< But for its hostname and reasons.
  std::vector<notice::ReasonRule> reasons;
  Trace trace;
  Dns dns;
  log::LogConfig log;

  /// What the stages are made from. The addresses of this machine are the caller's to add.
  AssemblyConfig assembly() const;
  storage::RocksdbOptions storage_options() const;
  io::ResolverOptions resolver_options() const;
  /// The Unix socket by which commands talk to the running server.
  io::Endpoint control_socket() const;
};

}  // namespace veredus::config
