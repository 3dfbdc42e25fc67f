#include "main/config/schema_stages.h"

#include "main/config/schema_keys.h"

namespace veredus::config {

Section accept_section() {
  using accept::AcceptConfig;
  return table<AcceptConfig>(
      "accept", "Receiving mail, and its limits.", &Config::accept,
      {
          octets("message_bytes_max", &AcceptConfig::message_bytes_max,
                 "Largest message; announced by SIZE (RFC 1870). At least 64KiB."),
          key("recipients_max", &AcceptConfig::recipients_max,
              "Recipients of one message. At least 100 (RFC 5321 §4.5.3.1.8)."),
          key("expanded_recipients_max", &AcceptConfig::expanded_recipients_max,
              "Recipients of one message after aliases."),
          key("command_octets_max", &AcceptConfig::command_octets_max,
              "Octets of a command line. At least 512 (RFC 5321 §4.5.3.1.4)."),
          key("text_line_octets_max", &AcceptConfig::text_line_octets_max,
              "Octets of a line in a message. At least 1000 (RFC 5321 §4.5.3.1.6)."),
          key("hops_max", &AcceptConfig::hops_max,
              "Received fields in a message; with more it is in a loop (RFC 5321 §6.3)."),
          key("sessions_max", &AcceptConfig::sessions_max,
              "Clients at the same time; the next one is told 421."),
          key("sessions_per_client_max", &AcceptConfig::sessions_per_client_max,
              "The same from one address; relay.networks are exempt."),
          key("errors_max", &AcceptConfig::errors_max,
              "Refused commands (5yz) in a session; then it ends with 421."),
          key("errors_before_delay", &AcceptConfig::errors_before_delay,
              "Errors answered at once; the answer to later ones waits for error_delay."),
          key("error_delay", &AcceptConfig::error_delay, "How long it waits."),
          key("idle_commands_max", &AcceptConfig::idle_commands_max,
              "NOOP, RSET and the like between two messages; then 421."),
          key("command_deadline", &AcceptConfig::command_deadline,
              "How long we wait for a command (RFC 5321 §4.5.3.2.7: 5 minutes)."),
          key("data_deadline", &AcceptConfig::data_deadline,
              "How long we wait for the next piece of a message."),
          key("data_total_deadline", &AcceptConfig::data_total_deadline,
              "How long a whole message may take; at least data_deadline. Then 421."),
          key("greeting_delay", &AcceptConfig::greeting_delay,
              "Clients outside relay.networks are greeted after this; who speaks earlier is sent "
              "away."),
          key("tls_deadline", &AcceptConfig::tls_deadline, "For a TLS handshake."),
          key("stop_deadline", &AcceptConfig::stop_deadline,
              "When we stop, sessions have this long to finish."),
          octets("memory_bytes_max", &AcceptConfig::memory_bytes_max,
                 "Of one message in memory; what is larger streams to disk."),
          octets("memory_bytes_total_max", &AcceptConfig::memory_bytes_total_max,
                 "Of all messages being received; over it they stream to disk sooner."),
          key("bare_newline", &AcceptConfig::bare_newline,
              "A message with a CR or LF on its own: refuse it, or convert them to line ends. They "
              "never end a message (RFC 5321 §2.3.8)."),
          key("reverse_lookup", &AcceptConfig::reverse_lookup,
              "Ask DNS for the name of the client's address, for the Received field."),
      });
}

Section submission_section() {
  using accept::SubmissionConfig;
  return table<SubmissionConfig>(
      "submission", "Mail from our own accounts (RFC 6409).", &Config::submission,
      {
          key("on_smtp", &SubmissionConfig::on_smtp,
              "Let accounts log in on port 25 too, for clients that know no other."),
          key("check_from", &SubmissionConfig::check_from,
              "The From field may name only addresses that the account may send as. The sender of "
              "the envelope must be one in any case."),
          key("hide_client", &SubmissionConfig::hide_client,
              "Leave the address and name of the client out of the Received field."),
          key("recipients_per_hour", &SubmissionConfig::recipients_per_hour,
              "Of one account, unless it has a limit of its own. 0: no limit."),
          key("recipients_per_day", &SubmissionConfig::recipients_per_day, "The same."),
      });
}

Section accounts_section() {
  using authenticate::PamConfig;
  using authenticate::ThrottleConfig;
  return table<Accounts>(
      "accounts", "Who logs in, and how. Accounts are made with `veredus account add`.",
      &Config::accounts,
      {
          key("file", &Accounts::file,
              "Accounts that are declared in a file besides, one a line (docs/accounts.md); it is "
              "read again when it changes. Empty: none."),
          key("default_domain", &Accounts::default_domain,
              "The domain of a login name without one. Empty: it must have one."),
          key("cram_md5", &Accounts::cram_md5,
              "Offer CRAM-MD5. Only accounts whose password the file has as {PLAIN} can use it."),
          key("insecure_plain", &Accounts::insecure_plain,
              "Take passwords without TLS. For development alone."),
          key_in("failures_free", &Accounts::throttle, &ThrottleConfig::failures_free,
                 "Wrong passwords, from one address or for one account, before it has to wait."),
          key_in("delay_first", &Accounts::throttle, &ThrottleConfig::delay_first,
                 "How long; it doubles with each wrong password."),
          key_in("delay_max", &Accounts::throttle, &ThrottleConfig::delay_max, "As far as this."),
          key_in("known_delay_max", &Accounts::throttle, &ThrottleConfig::known_delay_max,
                 "As far as this from where the account has logged in before."),
          key_in("forgive", &Accounts::throttle, &ThrottleConfig::forgive,
                 "One wrong password is forgotten each time; at least delay_max."),
          key_in("pam_domains", &Accounts::pam, &PamConfig::domains,
                 "Domains whose local parts are users of this system, checked by PAM."),
          key_in("pam_service", &Accounts::pam, &PamConfig::service, "Its file in /etc/pam.d."),
      });
}

Section queue_section() {
  using queue::QueueConfig;
  return table<QueueConfig>(
      "queue", "Keeping and retrying.", &Config::queue,
      {
          key("retry_min", &QueueConfig::retry_min, "Pause after the first failed attempt."),
          key("retry_max", &QueueConfig::retry_max, "Longest pause between attempts."),
          key("retry_factor", &QueueConfig::retry_factor,
              "Each pause is this many times the one before."),
          key("retry_jitter", &QueueConfig::retry_jitter,
              "Share of a pause that chance adds or takes."),
          key("expire", &QueueConfig::expire,
              "Mail this old has had its last attempt (RFC 5321 §4.5.4.1: 4 to 5 days)."),
          key("delay_warning", &QueueConfig::delay_warning,
              "Senders are told of mail that still waits after this. 0: never."),
          key("bounce_retry_max", &QueueConfig::bounce_retry_max,
              "retry_max for bounces: mail from the null sender."),
          key("bounce_expire", &QueueConfig::bounce_expire, "expire for bounces."),
          key("notices_per_minute", &QueueConfig::notices_per_minute,
              "Bounces to one address that go at once; further ones wait their turn at this rate."),
          key("destination_pause", &QueueConfig::destination_pause,
              "How long a destination that could not be reached is left alone; grows with each "
              "further failure."),
          octets("memory_bytes_max", &QueueConfig::memory_bytes_max,
                 "Of message bodies kept in memory for their first attempt."),
          key("messages_max", &QueueConfig::messages_max,
              "Messages in the queue; with more, new mail is refused for the time being (452)."),
          key("workers_start", &QueueConfig::workers_start,
              "Connections to a destination at first; one more with each success, half with each "
              "failure."),
          key("workers_per_destination_max", &QueueConfig::workers_per_destination_max,
              "Connections to one destination."),
          key("workers_local_max", &QueueConfig::workers_local_max,
              "Deliveries at the same time into mailboxes of this server."),
          key("workers_max", &QueueConfig::workers_max, "Outgoing connections in all."),
          key("workers_per_source_max", &QueueConfig::workers_per_source_max,
              "The same from each of our addresses (deliver.sources); 0: no bound."),
          key("recipients_per_job_max", &QueueConfig::recipients_per_job_max,
              "Recipients in one transaction."),
      });
}

Section deliver_section() {
  using deliver::DeliverConfig;
  return table<DeliverConfig>(
      "deliver", "Sending mail on. Deadlines are those of RFC 5321 §4.5.3.2.", &Config::deliver,
      {
          key("port", &DeliverConfig::port, "Of hosts found by MX. Anything but 25 is for tests."),
          key("ipv6", &DeliverConfig::ipv6, "Use IPv6 addresses of next hops."),
          key("tls", &DeliverConfig::tls,
              "none, opportunistic (where offered, whoever the certificate is for), require "
              "(nothing in the clear) or verify (and the certificate must be the host's)."),
          key_in("certificate", &DeliverConfig::certificate, &io::TlsCertificate::certificate_file,
                 "Shown to hosts that ask for one, with those between it and the root (PEM). Read "
                 "again when it changes. Empty: none."),
          key_in("key", &DeliverConfig::certificate, &io::TlsCertificate::key_file,
                 "Its private key (PEM, without a password)."),
          key("source", &DeliverConfig::source,
              "Connect from this address. Empty: the system chooses."),
          key("sources", &DeliverConfig::sources,
              "Connect from the least used of these addresses. Instead of source."),
          key("connect_deadline", &DeliverConfig::connect_deadline, "For one address."),
          key("greeting_deadline", &DeliverConfig::greeting_deadline, "For the greeting."),
          key("command_deadline", &DeliverConfig::command_deadline, "For the reply to a command."),
          key("data_deadline", &DeliverConfig::data_deadline, "For the reply to DATA."),
          key("block_deadline", &DeliverConfig::block_deadline,
              "For each piece of the message to be taken."),
          key("final_deadline", &DeliverConfig::final_deadline,
              "For the reply to the whole message."),
          key("idle", &DeliverConfig::idle, "A connection without work waits this long for more."),
          key("messages_per_connection_max", &DeliverConfig::messages_per_connection_max,
              "Then a new connection is made."),
          key("hosts_max", &DeliverConfig::hosts_max, "Addresses tried in one attempt."),
          key("host_pause", &DeliverConfig::host_pause,
              "How long a host that could not be reached is not asked again; doubles with each "
              "further failure, up to 15 minutes."),
      });
}

Section notice_section() {
  using notice::NoticeConfig;
  return table<NoticeConfig>(
      "notice", "Bounces and warnings to senders.", &Config::notice,
      {
          key("from", &NoticeConfig::from, "Their From. Empty: MAILER-DAEMON@<hostname>."),
          key("double_bounce_to", &NoticeConfig::double_bounce_to,
              "Who hears of bounces that cannot be delivered. Empty: nobody."),
          octets("message_bytes_max", &NoticeConfig::message_bytes_max,
                 "A message up to this size comes back whole; of a larger one only the header."),
      });
}

Section reason_sections() {
  using notice::ReasonRule;
  return tables<ReasonRule>(
      "reason", "What a server's reply means, before what we know ourselves.", &Config::reasons,
      {
          key("pattern", &ReasonRule::pattern,
              "A regular expression (RE2), found anywhere in the reply. Required."),
          key("class", &ReasonRule::reason,
              "Such as mailbox_unknown, mailbox_full, refused_by_policy, rate_limited. Required."),
          key("cause", &ReasonRule::cause,
              "What senders are told has happened. Empty: what the class says."),
          key("remedy", &ReasonRule::remedy, "And what they can do. Empty: what the class says."),
      });
}

Section trace_section() {
  return table<Trace>(
      "trace", "Every message's story, for `veredus trace`.", &Config::trace,
      {
          key("keep", &Trace::keep, "How long at most; 0: nothing is kept."),
          octets("bytes_max", &Trace::bytes_max, "How much at most; the oldest goes first."),
      });
}

Section dns_section() {
  return table<Dns>(
      "dns", "Looking up names.", &Config::dns,
      {
          key("servers", &Dns::servers,
              R"(Name servers to ask, such as ["192.0.2.53:53"]. Empty: see use_resolv_conf.)"),
          key("use_resolv_conf", &Dns::use_resolv_conf,
              "Ask the name servers of /etc/resolv.conf; with false, and without servers, we ask "
              "from the root down ourselves."),
          key("trust_anchor_file", &Dns::trust_anchor_file,
              "DS or DNSKEY records to validate DNSSEC with. Empty: nothing is validated."),
          key("deadline", &Dns::deadline, "For a look-up with all its retries."),
          octets("cache_bytes_max", &Dns::cache_bytes_max, "Of the cache of records."),
      });
}

Section log_section() {
  using log::LogConfig;
  return table<LogConfig>("log", "What happened, one line a fact.", &Config::log,
                          {
                              key("level", &LogConfig::level, "The least that is written."),
                              key("format", &LogConfig::format, "Of each line."),
                              key("file", &LogConfig::file, "Empty: standard error."),
                          });
}

Section sendmail_section() {
  return table<Sendmail>(
      "sendmail", "Mail from programs on this machine, by sendmail(1): cron, PHP, mutt, ...",
      &Config::sendmail,
      {
          key("enabled", &Sendmail::enabled, "Take such mail at all."),
          key("socket", &Sendmail::socket,
              "The Unix socket on which the server takes it. Empty: /run/veredus/submit for the "
              "default storage.path, else submit in storage.path."),
          key_as<FileMode>("socket_mode", &Sendmail::socket_mode,
                           "Who may use the socket: 0666 is every user of this machine."),
          key("drop_folder", &Sendmail::drop_folder,
              "Where such mail waits while no server runs; every user may put files there. Empty: "
              "/var/spool/veredus/drop for the default storage.path, else drop in storage.path."),
          key("domain", &Sendmail::domain,
              "Completes addresses without a domain, such as root. Empty: hostname."),
      });
}

Section process_section() {
  return table<Process>(
      "process", "What the server gives up when it starts.", &Config::process,
      {
          key("user", &Process::user,
              "Started as root, it becomes this user when its ports are open. \"root\": it stays "
              "root. Started by anybody else it stays who it is."),
          key("sandbox", &Process::sandbox,
              "Use no_new_privs, Landlock and seccomp: no files but its own, no programs. What the "
              "kernel lacks is logged (process_secured)."),
          key("allow_programs", &Process::allow_programs,
              "Let the server start programs, as some PAM modules do. Setuid ones get no rights "
              "even so."),
      });
}

}  // namespace veredus::config
