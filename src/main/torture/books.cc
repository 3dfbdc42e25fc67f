#include "main/torture/books.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

namespace veredus::torture {
namespace {

constexpr std::size_t kKeptMax = 100;

}  // namespace

void Books::book(const Finding& finding, std::string_view stored) {
  ++arrivals;
  ledger.book(finding);
  if (finding.verdict != Verdict::intact && problems_.size() < kKeptMax)
    keep(stored, finding.problem);
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
