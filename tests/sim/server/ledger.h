// What was promised and what came of it: the books against which a simulated run is checked.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "io/sim/random.h"
#include "wire/dsn/bounce.h"

namespace veredus::simulation {

/// A message on its way through the world.
struct Letter {
  std::uint64_t number = 0;
  std::string text;             ///< As the client sends it, lines ended by CRLF.
  std::string sender;           ///< Empty: the null sender.
  std::set<std::string> named;  ///< Whom it may reach: every recipient ever said, aliases followed.
  std::set<std::string> promised;  ///< Whom it must reach, once acknowledged.
  bool acknowledged = false;       ///< The client saw 250 after its end.
};

/// The recipients that one RCPT stands for at mx.example.test (testing::default_config()).
std::set<std::string> expand(const std::string& recipient);

/// Kept outside of every process; crashes do not touch it.
class Ledger {
 public:
  /// A new letter with a sender and a text of its own: dots at line starts, long lines, sometimes
  /// 8-bit octets, sometimes a few hundred kilobytes.
  Letter& write(sim::SeededRandom& random);

  void named(Letter& letter, const std::string& recipient);
  /// RCPT was answered 250.
  static void accepted(Letter& letter, const std::string& recipient);
  static void acknowledged(Letter& letter) { letter.acknowledged = true; }

  /// A next hop took this text for a recipient, or a mailbox has it. What nobody sent, or what
  /// differs from it below the trace fields, is a problem. The letter's number, when it is one; a
  /// notice is none, and goes to told().
  std::optional<std::uint64_t> received(std::string_view text, const std::string& recipient);
  /// There is this notice of the server's, to `sender`: underway or arrived, perhaps seen before.
  void told(std::string_view notice, const std::string& sender);
  /// The sender of the letter was told this of a recipient, or will be.
  bool was_told(dsn::Action what, std::uint64_t letter, const std::string& recipient) const;
  std::size_t notices() const noexcept { return notices_.size(); }
  /// Names may be said not to exist, and mail may seem as old as it likes.
  void set_believable(bool no_such_domain, bool expired) {
    domains_may_vanish_ = no_such_domain;
    mail_may_expire_ = expired;
  }
  /// There is a good reason to give a recipient up in what a standing or a notice says.
  bool is_good_reason(std::string_view reply) const;

  /// A next hop answers 2yz after the message's end.
  void relayed(std::uint64_t letter, const std::string& recipient) {
    relayed_.emplace(letter, recipient);
    ++deliveries_;
  }
  bool was_relayed(std::uint64_t letter, const std::string& recipient) const {
    return relayed_.contains({letter, recipient});
  }
  std::size_t times_relayed(std::uint64_t letter, const std::string& recipient) const {
    return relayed_.count({letter, recipient});
  }

  /// A next hop answers 5yz with this text: the only good reason to give a recipient up.
  void refused(std::string reply) { refusals_.insert(std::move(reply)); }
  bool was_refused(std::string_view reply) const;

  const std::map<std::uint64_t, Letter>& letters() const noexcept { return letters_; }
  /// Letters that were acknowledged.
  std::size_t promises() const;
  /// Copies that next hops took.
  std::size_t deliveries() const noexcept { return deliveries_; }

  /// Of a machine's notice from mx.example.test.
  static bool is_notice(std::string_view text);

  void problem(std::string what) { problems_.push_back(std::move(what)); }
  const std::vector<std::string>& problems() const noexcept { return problems_; }

 private:
  using Told = std::tuple<dsn::Action, std::uint64_t, std::string>;  // what, letter, recipient

  void told_of(std::uint64_t letter, const dsn::BouncedRecipient& recipient,
               const std::string& message_id);

  std::map<std::uint64_t, Letter> letters_;
  std::map<Told, std::string> notices_;  // Message-ID
  bool domains_may_vanish_ = false;
  bool mail_may_expire_ = false;
  std::multiset<std::pair<std::uint64_t, std::string>> relayed_;
  std::set<std::string, std::less<>> refusals_;
  std::size_t deliveries_ = 0;
  std::vector<std::string> problems_;
};

/// The number of the letter that a text is, wherever its first field is; nothing for no letter.
std::optional<std::uint64_t> letter_number(std::string_view text);

}  // namespace veredus::simulation
