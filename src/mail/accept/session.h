// One client's SMTP session, from greeting to goodbye (RFC 5321 §3).

#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "io/connection.h"
#include "io/task.h"
#include "mail/accept/client_name.h"
#include "mail/accept/message_reader.h"
#include "mail/accept/port.h"
#include "mail/accept/settings.h"
#include "mail/accept/transaction.h"
#include "mail/authenticate/login.h"
#include "wire/mime/received.h"
#include "wire/smtp/command.h"
#include "wire/smtp/dialogue.h"
#include "wire/smtp/reply.h"

namespace veredus::accept {

/// Lives on one reactor, in the coroutine frame that runs it.
class Session {
 public:
  /// A client that came.
  struct Arrival {
    SessionId id;
    Port port;
    std::unique_ptr<io::Stream> stream;
    io::Reactor& reactor;  ///< The session's own; outlives it.
  };
  /// `surroundings` outlive the session.
  Session(const Surroundings& surroundings, SharedSettings settings, Arrival arrival);

  /// Serves the client until it quits, goes away or must go.
  io::Task<> run();
  /// Finishes the command in hand, then says 421 and ends (RFC 5321 §3.8).
  void stop() noexcept;

 private:
  io::Task<bool> greet();
  io::Task<bool> awaits_greeting();
  io::Task<> converse();
  /// The reply that turns a command down before it is looked at, or nothing.
  std::optional<smtp::Reply> refuse(const smtp::Command& command);
  bool waits(smtp::Verb verb) const noexcept;
  /// Does a command that waits for nothing.
  smtp::Reply act(const smtp::Command& command);
  /// Does one that waits(). Nothing: it has been answered already.
  io::Task<std::optional<smtp::Reply>> handle(smtp::Verb verb, std::string args);
  io::Task<std::optional<smtp::Reply>> on_starttls();
  io::Task<bool> begin_tls();
  bool needs_tls_first() const;
  bool offers_auth() const;
  std::size_t line_octets_max() const;
  io::Task<std::string> account_of_certificate();
  authenticate::Channel channel() const;
  std::string auth_line() const;
  io::Task<std::optional<smtp::Reply>> on_auth(std::string args);
  io::Task<smtp::Reply> logged_in(authenticate::Identity identity);
  io::Task<std::optional<smtp::Reply>> refuse_sender(const smtp::ReversePath& sender);
  std::optional<smtp::Reply> refuse_stranger() const;
  io::Task<std::optional<smtp::Reply>> refuse_amount();
  void refund(std::size_t recipients);
  std::optional<Submitted> submitted() const;
  std::optional<smtp::Reply> refuse_authors(std::string_view header) const;
  smtp::ExtensionSet announced() const;
  bool answer(const smtp::Reply& reply);
  void put(const smtp::Reply& reply);
  bool is_secret(smtp::Verb verb) const noexcept;
  void log_refusal(smtp::Verb verb, const smtp::Reply& reply) const;
  void note_line_fault(const Error& error);

  smtp::Reply on_greeting(const smtp::Command& command);
  smtp::Reply ehlo_reply() const;
  /// What MAIL said, well-formed and allowed by what we announced.
  struct Sender {
    smtp::ReversePath path;
    smtp::MailParams params;
  };
  std::expected<Sender, smtp::Reply> read_sender(std::string_view args) const;
  smtp::Reply begin_transaction(Sender sender);
  smtp::Reply on_mail(std::string_view args);
  io::Task<smtp::Reply> on_account_mail(Sender sender);
  smtp::Reply on_rcpt(std::string_view args);
  std::optional<smtp::Reply> add_recipient(smtp::Address asked, const smtp::RcptParams& params);
  smtp::Reply on_vrfy(std::string_view args) const;
  smtp::Reply on_expn(std::string_view args) const;
  smtp::Reply on_help() const;
  smtp::Reply on_unknown(const smtp::Command& command) const;
  smtp::Reply on_http();
  std::optional<smtp::Reply> refuse_recipient(const smtp::Address& address);
  io::Task<smtp::Reply> on_data();
  smtp::Reply broken_off(const Error& error);
  io::Task<smtp::Reply> queue_message(queue::Message message);
  std::string client_certificate() const;
  io::Task<std::string> trace_field(QueueId id);
  io::Task<> trace_client(mime::Trace& trace);
  void end_transaction();
  void farewell(smtp::Reply reply);

  const AcceptConfig& config() const noexcept { return settings_->accept; }
  std::string protocol() const;

  const Surroundings& surroundings_;
  SharedSettings settings_;
  SessionId id_;
  Port port_;
  io::Connection connection_;
  std::string line_;               ///< The command in hand.
  const std::string client_text_;  ///< The client's endpoint, for log and trace.
  smtp::Dialogue dialogue_;
  Transaction transaction_;
  std::optional<ClientName> client_name_;
  std::string helo_;
  std::optional<io::TlsInfo> tls_;             ///< Once TLS is on.
  sasl::Binding binding_;                      ///< Of that.
  std::optional<directory::Account> account_;  ///< Whose session it is, once it logged in.
  std::string certificate_account_;            ///< Whom the client's certificate names; or empty.
  std::optional<directory::Credential> credential_;  ///< What logged in, as it was then.
  bool by_pam_ = false;                              ///< The account need not be in the directory.
  bool auth_tried_ = false;
  bool trusted_;
  bool extended_ = false;  ///< Greeted with EHLO.
  bool stopping_ = false;
  bool hang_up_ = false;                 ///< Nothing more can be said to the client.
  std::optional<smtp::Reply> farewell_;  ///< The last reply; set when the session must end.
  std::uint32_t errors_ = 0;
  std::uint32_t idle_commands_ = 0;    ///< Since the last recipient or message.
  std::uint32_t recipients_over_ = 0;  ///< RCPTs beyond the limit in this transaction.
};

}  // namespace veredus::accept
