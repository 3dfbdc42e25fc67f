// The resolver of production: libunbound, which asks, caches and validates DNSSEC itself.

#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/endpoint.h"
#include "io/resolver.h"

namespace veredus::io {

struct ResolverOptions {
  /// Name servers to ask for everything, if any: they recurse and cache.
  std::vector<Endpoint> servers;
  /// Without `servers`: ask those of /etc/resolv.conf, instead of recursing from the root.
  bool use_resolv_conf = false;
  /// Zones and the server that is asked for what is in them (ASCII, no trailing dot).
  std::vector<std::pair<std::string, Endpoint>> stub_zones;
  /// DS or DNSKEY records, in zone file format, to validate DNSSEC with; empty: no answer is
  /// secure.
  std::string trust_anchor_file;
  /// For the whole of a look-up, with all its retries and aliases.
  std::chrono::milliseconds deadline = std::chrono::seconds(30);
  /// Of the cache of records; that of messages has half of it.
  std::size_t cache_bytes_max = 32UL * 1024 * 1024;
  /// Further options of unbound.conf(5), name and value: {"do-ip6", "no"}.
  std::vector<std::pair<std::string, std::string>> settings;
};

class UnboundResolver final : public Resolver {
 public:
  /// Errors: malformed (an option that libunbound does not take, a trust anchor file that cannot
  /// be read), unavailable (out of memory or threads).
  [[nodiscard]] static Result<std::unique_ptr<UnboundResolver>> make(
      const ResolverOptions& options);
  ~UnboundResolver() override;

  Task<Result<dns::Answer>> lookup(std::string name, dns::Type type) override;

  /// Ends the threads; look-ups that wait never return, and later ones neither. The reactors
  /// must have been stopped, but not cleared (io/reactors.h).
  void stop();

 private:
  class Engine;
  explicit UnboundResolver(std::unique_ptr<Engine> engine);
  std::unique_ptr<Engine> engine_;
};

}  // namespace veredus::io
