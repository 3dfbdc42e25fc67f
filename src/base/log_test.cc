#include "base/log.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace veredus::log {
namespace {

struct RenderCase {
  const char* name;
  std::string_view value;
  std::string_view logfmt;
  std::string_view json;
};
class Render : public testing::TestWithParam<RenderCase> {};

TEST_P(Render, EscapesTheValue) {
  const RenderCase& c = GetParam();
  EXPECT_EQ(render(Format::logfmt, "T", Level::info, "e", {{"k", c.value}}),
            "time=T level=info event=e k=" + std::string(c.logfmt));
  EXPECT_EQ(render(Format::json, "T", Level::info, "e", {{"k", c.value}}),
            R"({"time":"T","level":"info","event":"e","k":)" + std::string(c.json) + "}");
}

using namespace std::string_view_literals;
INSTANTIATE_TEST_SUITE_P(
    Log, Render,
    testing::Values(
        RenderCase{"word", "a.b@c", "a.b@c", R"("a.b@c")"},
        RenderCase{"empty", "", R"("")", R"("")"},
        RenderCase{"space", "a b", R"("a b")", R"("a b")"},
        RenderCase{"equals", "a=b", R"("a=b")", R"("a=b")"},
        RenderCase{"quote", "a\"b", R"("a\"b")", R"("a\"b")"},
        RenderCase{"backslash", "a\\b", R"("a\\b")", R"("a\\b")"},
        RenderCase{"newline", "a\r\nlevel=error", R"("a\r\nlevel=error")", R"("a\r\nlevel=error")"},
        RenderCase{"nul", "a\0b"sv, R"("a\x00b")", R"("a\\x00b")"},
        RenderCase{"escape", "\x1B[2J", R"("\x1b[2J")", R"("\\x1b[2J")"},
        RenderCase{"utf8", "m\u00FCller \u20AC \U0001F4E7", "\"m\u00FCller \u20AC \U0001F4E7\"",
                   "\"m\u00FCller \u20AC \U0001F4E7\""},
        RenderCase{"c1_control", "\xC2\x9B", R"("\xc2\x9b")", R"("\\xc2\\x9b")"},
        RenderCase{"latin1", "\xFC", R"("\xfc")", R"("\\xfc")"},
        RenderCase{"overlong", "\xC0\xAF", R"("\xc0\xaf")", R"("\\xc0\\xaf")"},
        RenderCase{"surrogate", "\xED\xA0\x80", R"("\xed\xa0\x80")", R"("\\xed\\xa0\\x80")"},
        RenderCase{"cut_short", "\xE2\x82", R"("\xe2\x82")", R"("\\xe2\\x82")"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Log, NumbersAndTruthValuesStandBare) {
  EXPECT_EQ(render(Format::json, "T", Level::warning, "e", {{"n", 42}, {"b", true}, {"s", "42"}}),
            R"({"time":"T","level":"warning","event":"e","n":42,"b":true,"s":"42"})");
}

/// A log file of its own, read back line by line.
class LogFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "log_test_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override {
    stop();
    std::filesystem::remove_all(directory_);
  }
  std::string path() const { return directory_ + "/log"; }
  std::vector<std::string> lines() const {
    std::ifstream in(path());
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

  std::string directory_;
};

TEST_F(LogFile, WritesFromTheLevelUpAndFlushesAtStop) {
  ASSERT_TRUE(start({Level::warning, Format::logfmt, path()}));
  EXPECT_FALSE(enabled(Level::info));
  info("not_this");
  warning("this", {{"n", 1}});
  error("that");
  stop();
  const auto got = lines();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_TRUE(got[0].ends_with("Z level=warning event=this n=1")) << got[0];
  EXPECT_TRUE(got[1].ends_with("level=error event=that")) << got[1];
}

TEST_F(LogFile, NamesTheFileItCannotWrite) {
  const auto started = start({Level::info, Format::logfmt, directory_ + "/missing/log"});
  ASSERT_FALSE(started);
  EXPECT_TRUE(started.error().text().contains("/missing/log")) << started.error().text();
}

/// System calls of this process that write, or nothing where the kernel does not say.
std::optional<std::uint64_t> write_calls() {
  std::ifstream counts("/proc/self/io");
  std::string name;
  for (std::uint64_t value = 0; counts >> name >> value;) {
    if (name == "syscw:") return value;
  }
  return std::nullopt;
}

TEST_F(LogFile, LinesThatFollowEachOtherShareAWriteAndNeedNoStop) {
  ASSERT_TRUE(start({Level::info, Format::logfmt, path()}));
  const auto before = write_calls();
  if (!before) GTEST_SKIP() << "no /proc/self/io";
  constexpr std::size_t kLines = 200;
  for (std::size_t line = 0; line < kLines; ++line) {
    info("line", {{"line", line}});
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (lines().size() < kLines && std::chrono::steady_clock::now() < give_up)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(lines().size(), kLines);
  EXPECT_LT(*write_calls() - *before, kLines / 2);
}

TEST_F(LogFile, EveryLineOfManyThreadsIsWholeAndThere) {
  ASSERT_TRUE(start({Level::info, Format::logfmt, path()}));
  constexpr int kThreads = 4;
  constexpr int kLines = 500;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread)
      threads.emplace_back([thread] {
        for (int line = 0; line < kLines; ++line)
          info("line", {{"thread", thread}, {"line", line}});
      });
  }
  stop();
  const auto got = lines();
  EXPECT_EQ(got.size(), static_cast<std::size_t>(kThreads * kLines));
  EXPECT_TRUE(std::ranges::all_of(
      got, [](const std::string& line) { return line.contains("event=line thread="); }));
}

// A pipe that nobody reads stands for a disk that hangs: the writers must not.
TEST_F(LogFile, DropsTheOldestWhenTheRingIsFullAndSaysHowMany) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  const int reader = ::open(path().c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_TRUE(start({Level::info, Format::logfmt, path()}));
  constexpr int kLines = 60'000;
  for (int line = 0; line < kLines; ++line) info("line", {{"line", line}});

  ::fcntl(reader, F_SETFL, 0);
  std::string text;
  std::jthread drain([&] {
    std::vector<char> part(65536);
    for (ssize_t count = 0; (count = ::read(reader, part.data(), part.size())) > 0;)
      text.append(part.data(), static_cast<std::size_t>(count));
  });
  stop();
  drain.join();
  ::close(reader);

  std::istringstream in(text);
  int written = 0;
  int lost = 0;
  for (std::string line; std::getline(in, line);) {
    const std::size_t at = line.find("event=log_overflow lines_lost=");
    if (at == std::string::npos) {
      ++written;
    } else {
      lost += std::stoi(line.substr(line.rfind('=') + 1));
    }
  }
  EXPECT_GT(lost, 0);
  EXPECT_EQ(written + lost, kLines);
}

}  // namespace
}  // namespace veredus::log
