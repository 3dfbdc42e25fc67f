// Which command is allowed when: the order of an SMTP or LMTP session as data, without I/O
// (RFC 5321 §4.1.4, RFC 2033 §4).

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "wire/smtp/command.h"
#include "wire/smtp/extension.h"
#include "wire/smtp/reply.h"

namespace veredus::smtp {

/// Where a session is. Bits, so that a rule can name several.
enum Phase : std::uint8_t {
  kConnected = 1,   ///< Nothing said yet, or TLS just began.
  kGreeted = 2,     ///< EHLO, HELO or LHLO accepted; no transaction.
  kSender = 4,      ///< MAIL accepted.
  kRecipients = 8,  ///< At least one RCPT accepted.
  kChunks = 16,     ///< At least one BDAT accepted, the last one not yet (RFC 3030 §2).
};
inline constexpr std::uint8_t kAnyPhase = 31;
inline constexpr std::uint8_t kAfterGreeting = kAnyPhase & ~kConnected;

/// Which protocol the greeting promised.
enum class Protocol : std::uint8_t { smtp, lmtp };

/// One line of the table of commands.
struct Rule {
  Verb verb;
  std::uint8_t phases;             ///< Phases in which the verb is allowed (RFC 5321 §4.1.4).
  bool before_tls;                 ///< Allowed where TLS is required but not yet on (RFC 3207 §4).
  bool ends_group;                 ///< Must be last in a pipelined group (RFC 2920 §3.1).
  std::optional<Extension> needs;  ///< Only where this extension is announced.
};

// clang-format off
inline constexpr std::array kRules{
    //   verb            phases                      before_tls ends_group needs
    Rule{Verb::ehlo,     kAnyPhase,                  true,      true,      {}},
    Rule{Verb::helo,     kAnyPhase,                  true,      true,      {}},
    Rule{Verb::lhlo,     kAnyPhase,                  true,      true,      {}},
    Rule{Verb::starttls, kGreeted,                   true,      true,      Extension::starttls},
    Rule{Verb::auth,     kGreeted,                   false,     true,      Extension::auth},
    Rule{Verb::mail,     kGreeted,                   false,     false,     {}},
    Rule{Verb::rcpt,     kSender | kRecipients,      false,     false,     {}},
    Rule{Verb::data,     kRecipients,                false,     true,      {}},
    Rule{Verb::bdat,     kRecipients | kChunks,      false,     false,     Extension::chunking},
    Rule{Verb::rset,     kAnyPhase,                  true,      false,     {}},
    Rule{Verb::vrfy,     kAnyPhase,                  false,     true,      {}},
    Rule{Verb::expn,     kAnyPhase,                  false,     true,      {}},
    Rule{Verb::help,     kAnyPhase,                  false,     true,      {}},
    Rule{Verb::noop,     kAnyPhase,                  true,      true,      {}},
    Rule{Verb::quit,     kAnyPhase,                  true,      true,      {}},
    Rule{Verb::etrn,     kGreeted,                   false,     true,      Extension::etrn},
};
// clang-format on

/// The line for `verb`, or null for Verb::unknown.
constexpr const Rule* find_rule(Verb verb) noexcept {
  for (const Rule& rule : kRules)
    if (rule.verb == verb) return &rule;
  return nullptr;
}

/// What a session offers; fixed while TLS does not begin.
struct DialogueConfig {
  Protocol protocol = Protocol::smtp;
  bool tls_required = false;  ///< Not on a public port 25 (RFC 3207 §4).
  ExtensionSet announced{};   ///< STARTTLS, AUTH, BDAT and ETRN need theirs.
};

/// The state of one session: told what happened, it says what may come next.
class Dialogue {
 public:
  explicit Dialogue(DialogueConfig config) : config_(config) {}

  /// The reply that turns `verb` down now, or nothing if it may be handled.
  [[nodiscard]] std::optional<Reply> refuse(Verb verb) const;

  /// EHLO, HELO or LHLO was accepted: ends any transaction (RFC 5321 §4.1.4).
  void greeted() noexcept { phase_ = kGreeted; }
  void mail_accepted() noexcept { phase_ = kSender; }
  void recipient_accepted() noexcept { phase_ = kRecipients; }
  /// A BDAT chunk that is not the last was taken (RFC 3030 §2).
  void chunk_accepted() noexcept { phase_ = kChunks; }
  /// The message was accepted or refused as a whole, or RSET came.
  void transaction_ended() noexcept {
    if (phase_ != kConnected) phase_ = kGreeted;
  }
  /// RFC 3207 §4.2: forget everything the client said in the clear.
  void tls_started() noexcept {
    tls_on_ = true;
    authenticated_ = false;
    phase_ = kConnected;
  }
  /// RFC 4954 §4: no second AUTH in a session.
  void authenticated() noexcept { authenticated_ = true; }

  Phase phase() const noexcept { return phase_; }
  bool tls_on() const noexcept { return tls_on_; }
  bool is_authenticated() const noexcept { return authenticated_; }
  bool in_transaction() const noexcept { return (phase_ & (kConnected | kGreeted)) == 0; }

 private:
  [[nodiscard]] std::optional<Reply> refuse_greeting(Verb verb) const;

  DialogueConfig config_;
  Phase phase_ = kConnected;
  bool tls_on_ = false;
  bool authenticated_ = false;
};

}  // namespace veredus::smtp
