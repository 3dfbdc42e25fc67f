// Everything a torture run notes: the ledger, the times, and mails that arrived damaged.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "main/send/latency.h"
#include "main/torture/ledger.h"
#include "main/torture/mail.h"

namespace veredus::torture {

/// Belongs to one reactor.
class Books {
 public:
  /// `evidence` is a folder, made when it is needed: damaged mails are kept there.
  Books(MailMaker mails, std::string evidence) : maker(mails), evidence_(std::move(evidence)) {}

  const MailMaker maker;
  Ledger ledger;
  send::Latency latency;       ///< From the final dot to 250.
  std::uint64_t refused = 0;   ///< Mails that the server turned down (452, say).
  std::uint64_t cut = 0;       ///< Mails whose connection ended before the reply.
  std::uint32_t kills = 0;     ///< Of the server, so far.
  std::uint64_t arrivals = 0;  ///< Of any kind; shows that there is progress.

  /// Notes what arrived; `stored` is kept as evidence when it is damaged.
  void book(const Finding& finding, std::string_view stored, const Arrival& arrival);
  /// The server ended at `at` without a word. What it had delivered shortly before it may not have
  /// noted: "shortly" goes by how long a 250 took at most, for a note of its own takes as long.
  void server_killed(SteadyTime at);
  void server_restarted(SteadyTime at) { ledger.restarted(at); }
  /// What was wrong with the first few that were damaged, or delivered twice without cause.
  const std::vector<std::string>& problems() const noexcept { return problems_; }

 private:
  void keep(std::string_view stored, const std::string& problem);

  std::string evidence_;
  std::vector<std::string> problems_;
};

}  // namespace veredus::torture
