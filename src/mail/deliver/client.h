// The client's side of one SMTP or LMTP connection (RFC 5321 §3, RFC 2033).

#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/connection.h"
#include "io/stream.h"
#include "io/task.h"
#include "io/tls/client_source.h"
#include "io/workers.h"
#include "mail/deliver/config.h"
#include "mail/deliver/outcomes.h"
#include "mail/queue/queue.h"
#include "mail/route/security.h"
#include "wire/sasl/client_exchange.h"
#include "wire/smtp/capabilities.h"
#include "wire/smtp/dialogue.h"
#include "wire/smtp/reply.h"

namespace veredus::deliver {

/// Lives on one reactor. After an error, or once is_usable() is false, only quit() or close() it.
class Client {
 public:
  /// What it works with; all outlive it.
  struct Surroundings {
    const DeliverConfig& config;
    queue::Queue& queue;
    io::Workers& workers;
    const io::TlsClientSource* tls = nullptr;  ///< Null: never TLS.
  };
  /// Who is at the other end.
  struct Peer {
    smtp::Protocol protocol = smtp::Protocol::smtp;
    std::string remote;                ///< Its name and address for outcomes and log.
    std::string host = {};             ///< Its name, or address: what its certificate is for.
    route::HopSecurity security = {};  ///< How private it must be.
  };

  Client(std::unique_ptr<io::Stream> stream, Peer peer, const Surroundings& surroundings);

  /// Waits for the greeting and introduces us: EHLO, or HELO where EHLO is answered with 5yz
  /// (RFC 5321 §3.2), or LHLO; with TLS and AUTH as Peer::security has it.
  struct Unopened {
    std::string reason;        ///< The reply, or our reason when there was none: see reason.h.
    bool greeted_5yz = false;  ///< The host takes no mail (RFC 5321 §3.1, RFC 7504 §3).
    /// TLS was offered and came to nothing, though it need not be: try without (RFC 7435 §3).
    bool plain_may_do = false;
  };
  io::Task<std::expected<void, Unopened>> open();

  /// One transaction for the job's open recipients: MAIL, RCPTs, DATA, pipelined where the peer
  /// can (RFC 2920). Every recipient that the peer decided on gets its outcome, and so do all
  /// when our own storage cannot give the body. Errors: the connection broke or the peer broke the
  /// protocol; recipients still open were not decided on, and `sent_all` tells whether the peer
  /// had the whole message. Precondition: a recipient is open.
  struct Broken {
    std::string reason;     ///< As Unopened's.
    bool sent_all = false;  ///< The message may have been delivered: don't try another host now.
  };
  ///
  /// `following`: what the next send() will bring, if that is known. Where the peer can, it is
  /// offered right behind the end of this message, in the same packet (RFC 2920 §3.1), and the next
  /// send() finds the answers on their way: it saves a round trip. Both outlive the call.
  io::Task<std::expected<void, Broken>> send(const queue::Job& job, Outcomes& outcomes,
                                             const queue::Job* following = nullptr);

  /// Another message may follow on this connection.
  bool is_usable() const noexcept { return introduced_ && alive_; }
  std::uint32_t messages_sent() const noexcept { return messages_sent_; }
  /// The next send() finds its job offered already.
  bool has_offered() const noexcept { return offered_.has_value(); }
  const std::string& remote() const noexcept { return remote_; }

  /// QUIT where the peer still listens, without waiting long for the answer, and close.
  io::Task<> quit();
  void close() noexcept { connection_.close(); }

 private:
  /// One transaction under way.
  struct Transaction {
    const queue::Job& job;
    Outcomes& outcomes;
    const queue::Job* following = nullptr;
    std::vector<std::uint32_t> accepted = {};  ///< Recipients that RCPT was answered 250 for.
    std::string converted = {};                ///< The body in 7 bits, when the peer needs that.
    bool mail_accepted = false;
    bool sent_all = false;
  };

  /// A job whose MAIL, RCPTs and DATA were sent behind the end of the one before.
  struct Offered {
    QueueId id;
    std::vector<std::uint32_t> recipients;
  };

  /// What a reply answers: it says how long we wait, and what a failure is called.
  enum class Step : std::uint8_t {
    greeting,
    hello,
    mail,
    rcpt,
    data,
    message,
    reset,
    quit,
    starttls,
    auth
  };

  io::Task<Result<>> introduce();
  /// privacy.cc
  io::Task<std::expected<void, Unopened>> secure();
  io::Task<std::expected<void, Unopened>> begin_tls();
  Unopened no_tls(std::string_view why) const;
  io::Task<Result<>> authenticate();
  io::Task<Result<>> converse(sasl::ClientExchange exchange);
  /// A reply, until the next one is read; never null.
  using Answer = Result<const smtp::PeerReply*>;
  io::Task<Answer> command(const std::string& line, Step step);
  io::Task<Answer> read_reply(Step step);
  io::Task<Result<>> read_line(SteadyTime until);
  io::Task<Answer> read_step(Step step);
  Duration deadline(Step step) const noexcept;
  std::string awaited(Step step) const;
  Error failure(Step step, const Error& error) const;
  io::Task<bool> prepare(Transaction& transaction);
  io::Task<Result<>> transact(Transaction& transaction);
  io::Task<Result<bool>> offer(Transaction& transaction);
  io::Task<Result<bool>> offer_pipelined(Transaction& transaction);
  io::Task<Result<bool>> offer_stepwise(Transaction& transaction);
  io::Task<Result<>> send_message(Transaction& transaction);
  io::Task<Result<>> read_verdicts(Transaction& transaction);
  void take_mail_reply(Transaction& transaction, const smtp::PeerReply& reply);
  void take_rcpt_reply(Transaction& transaction, std::uint32_t recipient,
                       const smtp::PeerReply& reply);
  bool is_wanted(Transaction& transaction, const smtp::PeerReply& reply);
  void put_mail(std::string& out, const queue::Job& job, const std::string& converted) const;
  void put_offer(std::string& out, const queue::Job& job,
                 const std::vector<std::uint32_t>& recipients, const std::string& converted) const;
  bool is_too_large(const queue::Job& job) const;
  bool needs_conversion(const queue::Job& job) const;
  bool may_follow(const queue::Job& job) const;
  static void put_rcpt(std::string& out, const queue::Job& job, std::uint32_t recipient);
  queue::State accepted_state() const noexcept;

  const io::Stream& stream_;  // connection_'s, for its time
  io::Connection connection_;
  std::string line_;       // what is being read
  smtp::PeerReply reply_;  // the last
  std::string behind_;     // what goes out behind the end of a message
  Peer at_;                // whom we speak to
  const smtp::Protocol& protocol_ = at_.protocol;
  const std::string& remote_ = at_.remote;
  const DeliverConfig& config_;
  queue::Queue& queue_;
  io::Workers& workers_;
  const io::TlsClientSource* tls_source_;
  const io::TlsStream* tls_ = nullptr;  // connection_'s stream, once it is one
  smtp::Capabilities peer_;
  bool introduced_ = false;         // open() succeeded
  bool alive_ = true;               // the connection is whole and in step
  std::optional<Offered> offered_;  // what comes next, if it was
  std::uint32_t messages_sent_ = 0;
};

}  // namespace veredus::deliver
