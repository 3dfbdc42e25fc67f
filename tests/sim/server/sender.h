// A client that submits letters to the server, one connection each, and keeps the ledger.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/connection.h"
#include "io/sim/world.h"
#include "io/task.h"
#include "sim/server/ledger.h"
#include "wire/smtp/reply.h"

namespace veredus::simulation {

/// Whom letters may be addressed to.
struct Addressees {
  std::vector<std::string> all;
  std::size_t per_letter_max = 5;  ///< Recipients.
};

/// What a sender does and when it is done. Outlives its task.
class Sender {
 public:
  Sender(sim::Host& host, Ledger& ledger, const Addressees& addressees, std::uint64_t seed)
      : host_(host), ledger_(ledger), addressees_(addressees), random_(seed) {}

  /// Sends `letters` letters with pauses of up to `pause_max`. A letter that is not acknowledged
  /// is not sent again: whether it arrives is then open.
  io::Task<> run(io::Endpoint server, std::size_t letters, Duration pause_max);
  bool is_done() const noexcept { return done_; }

 private:
  io::Task<> send(io::Endpoint server, Letter& letter);
  io::Task<bool> offer(io::Connection& connection, Letter& letter,
                       const std::vector<std::string>& recipients);
  io::Task<Result<int>> ask(io::Connection& connection, std::string line);
  io::Task<Result<int>> read_code(io::Connection& connection);
  std::vector<std::string> choose_recipients();

  sim::Host& host_;
  Ledger& ledger_;
  const Addressees& addressees_;
  sim::SeededRandom random_;
  bool done_ = false;
};

}  // namespace veredus::simulation
