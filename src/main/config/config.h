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
  route::HopConfig smart_host_hop;   ///< route::RouteConfig::smart_host_hop
};

/// What [storage] says. The database is in `path`/db, Maildirs are below `path`/mail.
struct Storage {
  std::string path;
  bool sync = true;
  std::size_t free_bytes_min = storage::RocksdbOptions{}.free_bytes_min;
  std::size_t memory_bytes = storage::RocksdbOptions{}.memory_bytes;

  friend bool operator==(const Storage&, const Storage&) = default;
};

/// What [tls] says. Certificates are in [[certificate]].
struct Tls {
  io::TlsVersion version_min = io::TlsVersion::tls_1_2;  ///< Of both sides.
  std::string client_ca_file;                            ///< io::TlsServerConfig::client_ca_file
  std::string ca_file;                                   ///< io::TlsClientConfig::ca_file
  std::string crl_file;                                  ///< io::TlsClientConfig::crl_file
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

/// What [process] says: what the server gives up when it starts.
struct Process {
  std::string user = "veredus";  ///< Whom it becomes when root started it.
  bool sandbox = true;           ///< no_new_privs, Landlock and the filter of system calls.
  bool allow_programs = false;   ///< It may start programs.

  friend bool operator==(const Process&, const Process&) = default;
};

/// What [accounts] says: who logs in, and how.
struct Accounts {
  std::string file;            ///< directory::DirectoryConfig::file
  std::string default_domain;  ///< And the others: of authenticate::AuthenticateConfig.
  bool cram_md5 = false;       ///< Among the mechanisms.
  bool insecure_plain = false;
  authenticate::ThrottleConfig throttle;
  authenticate::PamConfig pam;
};

/// What [sendmail] says: how programs of this machine hand in mail.
struct Sendmail {
  bool enabled = true;
  std::string socket;  ///< Empty: see Config::submission_socket().
  unsigned socket_mode = 0666;
  std::string drop_folder;  ///< Empty: see Config::drop_folder().
  std::string domain;       ///< Empty: the hostname.

  friend bool operator==(const Sendmail&, const Sendmail&) = default;
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
  accept::SubmissionConfig submission;
  Accounts accounts;
  notice::NoticeConfig notice;  ///< But for its hostname and reasons.
  std::vector<notice::ReasonRule> reasons;
  Trace trace;
  Dns dns;
  Tls tls;
  std::vector<io::TlsCertificate> certificates;
  log::LogConfig log;
  Process process;
  Sendmail sendmail;

  /// What the stages are made from. The addresses of this machine are the caller's to add.
  AssemblyConfig assembly() const;
  /// With self_signed() where no certificate is named.
  io::TlsServerConfig tls_server() const;
  /// Where the one is that we make for ourselves.
  io::TlsCertificate self_signed() const;
  storage::RocksdbOptions storage_options() const;
  io::ResolverOptions resolver_options() const;
  /// The Unix socket by which commands talk to the running server.
  io::Endpoint control_socket() const;
  /// The Unix socket by which sendmail(1) hands in mail. By default in /run/veredus for the default
  /// storage.path, which only the server may enter; else in storage.path.
  io::Endpoint submission_socket() const;
  /// Where sendmail(1) leaves mail while no server runs. By default below /var/spool/veredus for
  /// the default storage.path, else below storage.path.
  std::string drop_folder() const;
};

}  // namespace veredus::config
