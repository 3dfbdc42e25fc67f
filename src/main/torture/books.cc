#include "main/torture/books.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

namespace veredus::torture {
namespace {

constexpr std::size_t kKeptMax = 100;
constexpr std::chrono::seconds kMarginLeast{2};

}  // namespace

void Books::book(const Finding& finding, std::string_view stored, const Arrival& arrival) {
  ++arrivals;
  const std::uint64_t doubled = ledger.counts().doubled;
  ledger.book(finding, arrival);
  if (problems_.size() >= kKeptMax) return;
  if (finding.verdict != Verdict::intact) keep(stored, finding.problem);
  if (ledger.counts().doubled > doubled)
    problems_.push_back(fmt::format("number {} for <{}> was delivered twice, and no kill was near",
                                    finding.number,
                                    maker.recipients(finding.number).at(finding.recipient)));
}

void Books::server_killed(SteadyTime at) {
  ledger.killed(at, std::max<Duration>(kMarginLeast, 2 * latency.longest()));
}

/// Rare, and small; so it may block.
void Books::keep(std::string_view stored, const std::string& problem) {
  const std::string path = fmt::format("{}/{}.eml", evidence_, problems_.size() + 1);
  problems_.push_back(fmt::format("{}: {}", path, problem));
  std::error_code ignored;
  std::filesystem::create_directories(evidence_, ignored);
  std::ofstream(path, std::ios::binary) << stored;
}

}  // namespace veredus::torture
