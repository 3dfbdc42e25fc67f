// Plays every tests/dialogs/*.dialog as a test of its own. Run in the root of the repository.

#include "support/dialog.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/site.h"

namespace veredus::testing {
namespace {

constexpr const char* kFolder = "tests/dialogs";
constexpr std::uint64_t kSeeds = 5;  // Packets are cut elsewhere and come at other times.

/// What the dialogs talk to: Site's server with some more names.
AssemblyConfig dialog_config() {
  AssemblyConfig config = default_config();
  route::DomainConfig& first = config.route.domains.front();
  first.mailboxes.emplace_back("o'hara");
  first.aliases["both"] = {"you", "other"};
  for (const char* list : {"many", "more"})
    for (int i = 0; i < 60; ++i)
      first.aliases[list].push_back(list + std::to_string(i) + "@remote.example");
  route::DomainConfig catching;
  catching.name = "catch.test";
  catching.mailboxes = {"all"};
  catching.catch_all = "all";
  config.route.domains.push_back(catching);
  return config;
}

class Dialog : public ::testing::Test {
 public:
  explicit Dialog(std::filesystem::path file) : file_(std::move(file)) {}

  void TestBody() override {
    std::ifstream in(file_, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const auto script = parse_dialog(text, dialog_config());
    ASSERT_TRUE(script) << file_ << ": " << script.error().text();
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed)
      EXPECT_EQ(play(*script, seed), "") << file_ << ", seed " << seed;
  }

 private:
  std::filesystem::path file_;
};

/// How many there are.
std::size_t register_dialogs() {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(kFolder))
    for (const auto& entry : std::filesystem::directory_iterator(kFolder))
      if (entry.path().extension() == ".dialog") files.push_back(entry.path());
  std::ranges::sort(files);
  for (const auto& file : files) {
    const std::string name = file.stem().string();
    ::testing::RegisterTest("Dialog", name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [file]() -> Dialog* { return new Dialog(file); });
  }
  return files.size();
}

}  // namespace
}  // namespace veredus::testing

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (veredus::testing::register_dialogs() == 0) {
    std::fprintf(stderr, "no tests/dialogs/*.dialog here: run it in the root of the repository\n");
    return 1;
  }
  return RUN_ALL_TESTS();
}
