#include "main/config/schema.h"

#include "main/config/schema_keys.h"
#include "main/config/schema_stages.h"

namespace veredus::config {
namespace {

Section root() {
  const Keys<Config> keys{
      key("hostname", &Config::hostname,
          "Our name in greetings, EHLO and trace fields: the name that the address we send from "
          "has in DNS. Required."),
      key("threads", &Config::threads, "Threads that serve sessions; 0: one a core."),
  };
  Section section{"", "", false, describe(keys, Config()), {}, {}};
  section.write = [keys](const Config& config) {
    return Section::Values{write_keys(keys, config)};
  };
  section.read = [keys](const toml::node& node, Config& config, Reader& reader) {
    read_keys(keys, *node.as_table(), config, "", reader);
  };
  return section;
}

Section listen() {
  return tables<Listen>(
      "listen",
      "Where we take mail. The default is ports 25 (smtp), 587 (submission) and 465 (submissions) "
      "of every IPv4 address.",
      &Config::listen,
      {
          key("address", &Listen::address, "Address and port, or a Unix socket. Required."),
          key("service", &Listen::service,
              "smtp: mail between servers (25). submission: mail from accounts, TLS by STARTTLS "
              "(587). submissions: the same, TLS from the start (465)."),
      });
}

Section storage() {
  return table<Storage>(
      "storage", "Where mail is kept: the queue's database in db/, mailboxes in mail/.",
      &Config::storage,
      {
          key("path", &Storage::path, "The folder; created when missing."),
          key("sync", &Storage::sync,
              "Wait for the disk before mail is acknowledged. With false a power cut loses "
              "acknowledged mail."),
          octets(
              "free_bytes_min", &Storage::free_bytes_min,
              "With less free space on the disk new mail is refused for the time being (452). The "
              "storage may need 4 times memory_bytes of it for itself."),
          octets("memory_bytes", &Storage::memory_bytes,
                 "For the database's buffers and cache. Files of the journal are half as large, at "
                 "most 64 MiB."),
      });
}

Section domains() {
  using route::DomainConfig;
  return tables<DomainConfig>(
      "domain", "A domain whose mail ends here. The first takes mail for <postmaster>.",
      &Config::domains,
      {
          key("name", &DomainConfig::name, "The domain. Required."),
          key("mailboxes", &DomainConfig::mailboxes,
              "Local parts with a Maildir of their own, <storage.path>/mail/<domain>/<mailbox>."),
          key("aliases", &DomainConfig::aliases,
              "Local parts that stand for other addresses; those without @ are in this domain."),
          key("catch_all", &DomainConfig::catch_all,
              "Takes what no mailbox or alias does: a mailbox or an address. Empty: such mail is "
              "refused."),
          key("subaddress", &DomainConfig::subaddress,
              "Characters that part user+detail, so that it reaches user. Empty: none do."),
          key("deliver", &DomainConfig::deliver,
              "Instead of Maildirs: lmtp://host:port or lmtp:///path/of/socket. Without mailboxes "
              "listed, all recipients are accepted."),
      });
}

Section routes() {
  using route::HopConfig;
  using route::StaticRoute;
  return tables<StaticRoute>(
      "route",
      "A next hop of its own for some domains, instead of their MX, or more TLS than usual.",
      &Config::routes,
      {
          key("domain", &StaticRoute::domain,
              "example.org, or *.example.org for the names below it. Required."),
          key("to", &StaticRoute::to,
              "host:port, host (port 25), lmtp://..., or mx to except it from the smart host."),
          key_in("tls", &StaticRoute::hop, &HopConfig::tls,
                 "As deliver.tls. Empty: verify where there is a user, else deliver.tls. With port "
                 "465 TLS begins at once."),
          key_in("user", &StaticRoute::hop, &HopConfig::user,
                 "To authenticate with (AUTH); by deliver.certificate (EXTERNAL) where there is no "
                 "password. Empty: we do not."),
          key_in("password_file", &StaticRoute::hop, &HopConfig::password_file,
                 "The file whose first line is the password."),
      });
}

Section limits() {
  using queue::Limit;
  return tables<Limit>(
      "limit",
      "What some destinations may get; the first that matches applies. Without per_destination all "
      "that match share it, such as all domains that one provider hosts.",
      &Config::limits,
      {
          key("name", &Limit::name, "For views of the queue. Required."),
          key("domains", &Limit::domains,
              "Domains, or names of smart hosts and the like: example.org, *.example.org for the "
              "names below it, * for all."),
          key("mx", &Limit::mx,
              "The same of the MX hosts of a domain, any of which may match: "
              "*.mail.protection.outlook.com"),
          key("workers_max", &Limit::workers_max, "Connections at the same time."),
          key("messages_per_minute", &Limit::messages_per_minute,
              "Attempts a minute; a second's worth may go at once."),
          key("per_destination", &Limit::per_destination,
              "Each destination that matches has all of it, instead of a share."),
      });
}

Section relay() {
  return table<Relay>(
      "relay", "Who may send where, and the way out.", &Config::relay,
      {
          key("networks", &Relay::networks,
              "Clients in these may send to anywhere. All others only to our own domains and to "
              "relay.domains."),
          key("domains", &Relay::domains,
              "Domains (*.example.org too) that we pass mail on to, whoever it comes from."),
          key("smart_host", &Relay::smart_host,
              "host:port that takes all mail for elsewhere. Empty: mail goes to the MX of its "
              "domain."),
          key_in("smart_host_tls", &Relay::smart_host_hop, &route::HopConfig::tls,
                 "As route.tls, for the smart host."),
          key_in("smart_host_user", &Relay::smart_host_hop, &route::HopConfig::user,
                 "As route.user, for the smart host."),
          key_in("smart_host_password_file", &Relay::smart_host_hop,
                 &route::HopConfig::password_file, "As route.password_file, for the smart host."),
      });
}

Section aliases() {
  return table<Aliases>("aliases", "Bounds for aliases.", &Config::aliases,
                        {
                            key("expansions_max", &Aliases::expansions_max,
                                "Addresses that one recipient may stand for."),
                            key("depth_max", &Aliases::depth_max, "Aliases within aliases."),
                        });
}

Section tls() {
  return table<Tls>(
      "tls", "Encryption, of both sides. Ciphers are those of RFC 9325.", &Config::tls,
      {
          key("version_min", &Tls::version_min, "The oldest version that is spoken."),
          key("client_ca_file", &Tls::client_ca_file,
              "Clients are asked for a certificate of these authorities (PEM). Empty: they are "
              "not asked."),
          key("ca_file", &Tls::ca_file,
              "The authorities that servers' certificates are verified with (PEM). Empty: those "
              "of the system."),
          key("crl_file", &Tls::crl_file,
              "Certificates that authorities have revoked (PEM), of servers and of clients. Empty: "
              "none."),
      });
}

Section certificates() {
  using io::TlsCertificate;
  return tables<TlsCertificate>(
      "certificate",
      "What we show to clients: by the names in it, the first to all others. Files that change are "
      "read again. Without any we make one for ourselves, which vouches for nothing.",
      &Config::certificates,
      {
          key("file", &TlsCertificate::certificate_file,
              "The certificate and those between it and the root (PEM), such as fullchain.pem. "
              "Required."),
          key("key", &TlsCertificate::key_file, "Its private key (PEM, without a password)."),
      });
}

}  // namespace

const std::vector<Section>& schema() {
  static const std::vector<Section> sections{root(),
                                             listen(),
                                             storage(),
                                             domains(),
                                             routes(),
                                             relay(),
                                             aliases(),
                                             tls(),
                                             certificates(),
                                             accept_section(),
                                             submission_section(),
                                             accounts_section(),
                                             queue_section(),
                                             limits(),
                                             deliver_section(),
                                             notice_section(),
                                             reason_sections(),
                                             trace_section(),
                                             dns_section(),
                                             log_section(),
                                             process_section(),
                                             sendmail_section()};
  return sections;
}

}  // namespace veredus::config
