#include "main/config/config.h"

#include <algorithm>

namespace veredus::config {
namespace {

constexpr const char* kStoragePath = "/var/lib/veredus";

authenticate::AuthenticateConfig authenticate_config(const Accounts& accounts) {
  authenticate::AuthenticateConfig config;
  config.default_domain = accounts.default_domain;
  config.insecure_plain = accounts.insecure_plain;
  config.throttle = accounts.throttle;
  config.pam = accounts.pam;
  if (accounts.cram_md5) config.mechanisms.push_back(sasl::Mechanism::cram_md5);
  return config;
}

}  // namespace

constexpr accept::Port kSubmission{policy::Service::submission, accept::TlsStart::on_request};
constexpr accept::Port kSubmissions{policy::Service::submission, accept::TlsStart::at_once};

Config::Config()
    : listen{{io::Endpoint(IpAddress(), 25)},
             {io::Endpoint(IpAddress(), 587), kSubmission},
             {io::Endpoint(IpAddress(), 465), kSubmissions}},
      storage{.path = kStoragePath} {
  relay.networks = {*IpNetwork::parse("127.0.0.0/8"), *IpNetwork::parse("::1")};
}

AssemblyConfig Config::assembly() const {
  AssemblyConfig parts;
  for (const Listen& door : listen) parts.listen.push_back({door.address, door.service});
  parts.accept = accept;
  parts.accept.hostname = hostname;
  parts.submission = submission;
  parts.directory.file = accounts.file;
  parts.authenticate = authenticate_config(accounts);
  parts.relay.networks = relay.networks;
  parts.route.hostname = hostname;
  parts.route.domains = domains;
  parts.route.relay_domains = relay.domains;
  parts.route.routes = routes;
  parts.route.smart_host = relay.smart_host;
  parts.route.smart_host_hop = relay.smart_host_hop;
  parts.route.tls = deliver.tls;
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
  parts.tls = tls_server();
  parts.tls_client = {.ca_file = tls.ca_file,
                      .crl_file = tls.crl_file,
                      .version_min = tls.version_min,
                      .certificate = deliver.certificate};
  return parts;
}

io::TlsCertificate Config::self_signed() const {
  return {storage.path + "/tls/self-signed.pem", storage.path + "/tls/self-signed.key"};
}

io::TlsServerConfig Config::tls_server() const {
  return {.certificates = certificates.empty() ? std::vector{self_signed()} : certificates,
          .version_min = tls.version_min,
          .client_ca_file = tls.client_ca_file,
          .crl_file = tls.crl_file};
}

storage::RocksdbOptions Config::storage_options() const {
  storage::RocksdbOptions options;
  options.path = storage.path + "/db";
  options.sync = storage.sync;
  options.free_bytes_min = storage.free_bytes_min;
  options.memory_bytes = storage.memory_bytes;
  options.segment_bytes = std::min<std::uint64_t>(storage.memory_bytes / 2, options.segment_bytes);
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

io::Endpoint Config::submission_socket() const {
  if (!sendmail.socket.empty()) return io::Endpoint::unix_socket(sendmail.socket);
  const bool is_default = storage.path == kStoragePath;
  return io::Endpoint::unix_socket((is_default ? "/run/veredus" : storage.path) + "/submit");
}

std::string Config::drop_folder() const {
  if (!sendmail.drop_folder.empty()) return sendmail.drop_folder;
  return (storage.path == kStoragePath ? "/var/spool/veredus" : storage.path) + "/drop";
}

}  // namespace veredus::config
