// A next hop that behaves as badly as its temper says: SMTP, or LMTP.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/connection.h"
#include "io/sim/world.h"
#include "io/task.h"
#include "sim/server/ledger.h"

namespace veredus::simulation {

/// Probabilities are for each reply. The defaults: a well-behaved modern server.
struct Temper {
  bool lmtp = false;
  bool esmtp = true;  ///< Knows EHLO.
  bool pipelining = true;
  bool eight_bit = true;
  double temporary = 0;  ///< 4yz
  double permanent = 0;  ///< 5yz
  double goodbye = 0;    ///< 421 and the end
  double cut = 0;        ///< The end without a word, in the middle of a message too
  double silent = 0;     ///< Says nothing for longer than anybody waits
  double slow = 0;       ///< Says it up to half a minute later

  /// The same server on a good day.
  Temper calm() const {
    return {.lmtp = lmtp, .esmtp = esmtp, .pipelining = pipelining, .eight_bit = eight_bit};
  }
};

/// Everything it takes is entered in the ledger before it says so. Recipients whose name begins
/// with "bad" are always refused. Outlives its tasks.
class NextHop {
 public:
  NextHop(sim::Host& host, Ledger& ledger, const Temper& temper, std::uint64_t seed)
      : host_(host), ledger_(ledger), temper_(temper), random_(seed) {}

  /// Serves clients at `endpoint` until the world ends.
  io::Task<> listen(io::Endpoint endpoint);

 private:
  enum class Mood : std::uint8_t { fine, temporary, permanent, goodbye, cut };
  struct Session {
    explicit Session(std::unique_ptr<io::Stream> stream) : connection(std::move(stream)) {}
    io::Connection connection;
    Temper temper;
    bool in_transaction = false;
    bool over = false;
    std::vector<std::string> recipients;
  };

  io::Task<> serve(std::unique_ptr<io::Stream> stream);
  io::Task<> obey(Session& session, std::string line);
  io::Task<> greet(Session& session, std::string verb);
  io::Task<> take_recipient(Session& session, std::string address);
  io::Task<> take_message(Session& session);
  io::Task<bool> read_message(Session& session, std::string& text);
  io::Task<> judge_message(Session& session, std::string text);
  io::Task<Mood> choose(Session& session);
  io::Task<> answer(Session& session, Mood mood, std::string good);
  void check_patience(const Session& session);

  sim::Host& host_;
  Ledger& ledger_;
  const Temper& temper_;
  sim::SeededRandom random_;
  std::uint64_t replies_ = 0;
};

}  // namespace veredus::simulation
