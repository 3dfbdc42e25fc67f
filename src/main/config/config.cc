#include "main/config/config.h"

#include <algorithm>

namespace veredus::config {

Config::Config() : listen{{io::Endpoint(IpAddress(), 25)}}, storage{.path = "/var/lib/veredus"} {
  relay.networks = {*IpNetwork::parse("127.0.0.0/8"), *IpNetwork::parse("::1")};
}

AssemblyConfig Config::assembly() const {
  AssemblyConfig parts;
  for (const Listen& door : listen) parts.listen.push_back({door.address, door.service});
  parts.accept = accept;
  parts.accept.hostname = hostname;
  parts.relay.networks = relay.networks;
  parts.route.hostname = hostname;
  parts.route.domains = domains;
  parts.route.relay_domains = relay.domains;
  parts.route.routes = routes;
  parts.route.smart_host = relay.smart_host;
  parts.route.expansions_max = aliases.expansions_max;
  parts.route.alias_depth_max = aliases.depth_max;
  parts.queue = queue;
  parts.queue.limits = limits;
  parts.queue.sources = deliver.source_count();
  parts.queue.trace = trace.keep > std::chrono::seconds(0);
  parts.notice = notice;
  parts.notice.hostname = hostname;
  parts.notice.reasons = reasons;
  parts.deliver = deliver;
  parts.deliver.hostname = hostname;
  parts.deliver.mail_folder = storage.path + "/mail";
  return parts;
}

storage::RocksdbOptions Config::storage_options() const {
  storage::RocksdbOptions options;
  options.path = storage.path + "/db";
  options.sync = storage.sync;
  options.free_bytes_min = storage.free_bytes_min;
  options.memory_bytes = storage.memory_bytes;
  options.trace_keep = std::max<std::chrono::seconds>(trace.keep, std::chrono::minutes(1));
  options.trace_bytes_max = std::max<std::uint64_t>(trace.bytes_max, 1024 * 1024);
  return options;
}

io::ResolverOptions Config::resolver_options() const {
  io::ResolverOptions options;
  options.servers = dns.servers;
  options.use_resolv_conf = dns.use_resolv_conf;
  options.trust_anchor_file = dns.trust_anchor_file;
  options.deadline = dns.deadline;
  options.cache_bytes_max = dns.cache_bytes_max;
  return options;
}

io::Endpoint Config::control_socket() const {
  return io::Endpoint::unix_socket(storage.path + "/control");
}

}  // namespace veredus::config
