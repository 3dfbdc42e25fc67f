#include "testdata.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <boost/json/src.hpp>

#include "base/text.h"

namespace veredus::conformance {

namespace {

constexpr std::string_view kFolder = "../shared/testdata";  // ctest runs in the repository's root.

/// The octets that a text of code points below 256 stands for.
std::string from_latin1(std::string_view utf8) {
  std::string out;
  for (std::size_t at = 0; at < utf8.size(); ++at) {
    const auto lead = static_cast<unsigned char>(utf8[at]);
    if (lead < 0x80) {
      out += utf8[at];
    } else {
      const auto tail = static_cast<unsigned char>(utf8.at(++at));
      out += static_cast<char>(((lead & 3U) << 6) | (tail & 0x3FU));
    }
  }
  return out;
}

}  // namespace

std::filesystem::path testdata(std::string_view name) {
  return std::filesystem::path(kFolder) / name;
}

std::string read(std::string_view name) {
  std::ifstream in(testdata(name), std::ios::binary);
  if (!in) throw std::runtime_error("cannot read test data: " + std::string(name));
  return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

boost::json::value read_json(std::string_view name) { return boost::json::parse(read(name)); }

std::string octets(const boost::json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  return from_latin1(std::string_view(value.at("latin1").as_string()));
}

void Testdata::SetUp() {
  if (std::filesystem::is_directory(kFolder)) return;
  const char* ci = std::getenv("CI");
  if (ci != nullptr && std::string_view(ci) == "true")
    FAIL() << "the test data is missing: " << kFolder;
  GTEST_SKIP() << "SKIPPED: no test data in " << kFolder << "; nothing was checked here";
}

void Verdicts::judge(std::string_view name, bool passed, std::string_view detail) {
  ++judged_;
  const auto listed = std::ranges::find(deviations_, name, &Deviation::name);
  if (listed == deviations_.end()) {
    EXPECT_TRUE(passed) << printable(name) << ": " << detail;
    return;
  }
  seen_.emplace(name);
  EXPECT_FALSE(passed) << printable(name)
                       << " passes now: take it off the list (it said: " << listed->reason << ")";
}

Verdicts::~Verdicts() {
  EXPECT_GT(judged_, 0) << "no case was judged";
  for (const Deviation& deviation : deviations_)
    EXPECT_TRUE(seen_.contains(deviation.name)) << "no such case: " << printable(deviation.name);
}

}  // namespace veredus::conformance
