// Public test data, and the list of cases that we fail on purpose.

#pragma once

#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace veredus::conformance {

/// Where `name` is, below the folder of test data beside the repository.
std::filesystem::path testdata(std::string_view name);
/// The file's octets; throws when it cannot be read.
std::string read(std::string_view name);
/// The file as JSON; throws when it cannot be read or is none.
boost::json::value read_json(std::string_view name);
/// A string value, also for {"latin1": "..."}, which stands for octets outside UTF-8.
std::string octets(const boost::json::value& value);

/// A test that needs the data. Without the folder it is skipped and says so; with CI=true it fails.
class Testdata : public ::testing::Test {
 protected:
  void SetUp() override;
};

/// A case that we fail on purpose, or that is wrong in the data.
struct Deviation {
  std::string_view name;
  std::string_view reason;
};

/// Judges the cases of a suite: each must pass unless it is listed, each listed one must exist and
/// must still fail, so that the list never grows stale.
class Verdicts {
 public:
  explicit Verdicts(std::span<const Deviation> deviations) : deviations_(deviations) {}
  Verdicts(const Verdicts&) = delete;
  Verdicts& operator=(const Verdicts&) = delete;
  ~Verdicts();

  /// `detail` is shown when the case fails.
  void judge(std::string_view name, bool passed, std::string_view detail = "");

 private:
  std::span<const Deviation> deviations_;
  std::set<std::string, std::less<>> seen_;
  int judged_ = 0;
};

}  // namespace veredus::conformance
