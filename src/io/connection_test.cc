#include "io/connection.h"

#include <algorithm>
#include <deque>

#include "io/test_support.h"

namespace veredus::io {
namespace {

using std::chrono::seconds;

/// Gives its input in the parts it was cut into, then the peer's end of file.
class ScriptedStream final : public Stream {
 public:
  ScriptedStream(std::deque<std::string> input, std::string& output)
      : input_(std::move(input)), output_(output) {}

  Task<Result<>> wait_readable(Duration) override {
    if (cancelled_) co_return fail(Fault::cancelled, "cancelled");
    co_return Result<>();
  }
  Task<Result<std::size_t>> read_some(std::span<char> into, Duration) override {
    if (input_.empty()) co_return std::size_t{0};
    const std::size_t count = input_.front().copy(into.data(), into.size());
    input_.front().erase(0, count);
    if (input_.front().empty()) input_.pop_front();
    co_return count;
  }
  Task<Result<>> write_all(std::vector<std::string_view> pieces, Duration) override {
    for (const std::string_view piece : pieces) output_ += piece;
    output_ += '|';  // One system call.
    co_return Result<>();
  }
  void cancel_read() noexcept override { cancelled_ = true; }
  Task<> shutdown() override { co_return; }
  void close() noexcept override {}
  const Endpoint& peer() const noexcept override { return endpoint_; }
  const Endpoint& local() const noexcept override { return endpoint_; }

 private:
  std::deque<std::string> input_;
  std::string& output_;
  Endpoint endpoint_ = Endpoint::unix_socket("/script");
  bool cancelled_ = false;
};

class ConnectionTest : public ReactorTest {
 protected:
  Connection scripted(std::deque<std::string> input) {
    return Connection(std::make_unique<ScriptedStream>(std::move(input), output_));
  }
  /// Reads lines until an error that ends the connection; each line or error text in brackets.
  std::string read_all(std::deque<std::string> input, std::size_t octets_max,
                       Connection::LineEnd line_end = Connection::LineEnd::crlf) {
    Connection eager = scripted(input);
    Connection connection = scripted(std::move(input));
    std::string lines = run_on(first(), lines_of(connection, octets_max, line_end));
    EXPECT_EQ(run_on(first(), arrived_lines_of(eager, octets_max, line_end)), lines);
    return lines;
  }

  static Task<std::string> lines_of(Connection& connection, std::size_t octets_max,
                                    Connection::LineEnd line_end) {
    std::string all;
    for (;;) {
      auto line = co_await connection.read_line(octets_max, seconds(5), line_end);
      all += "[" + (line ? *line : "!" + line.error().text()) + "]";
      if (!line && line.error().fault() != Fault::malformed) co_return all;
    }
  }

  /// The same, by whoever takes at once what has arrived.
  static Task<std::string> arrived_lines_of(Connection& connection, std::size_t octets_max,
                                            Connection::LineEnd line_end) {
    std::string all;
    std::string line;
    for (;;) {
      std::optional<Result<>> read = connection.arrived_line(line, octets_max, line_end);
      if (!read) read = co_await connection.read_line(line, octets_max, seconds(5), line_end);
      all += "[" + (*read ? line : "!" + read->error().text()) + "]";
      if (!*read && read->error().fault() != Fault::malformed) co_return all;
    }
  }

  std::string output_;
};

constexpr std::string_view kInput =
    "EHLO a\r\n\r\nbare\nNOOP\r\nx\ry\r\nthis one is too long\r\nlong and bare\rtoo\nQUIT\r\nrest";
constexpr std::string_view kLines =
    "[EHLO a][][!line ends with LF instead of CRLF][NOOP][!CR without LF in the line]"
    "[!line too long (at most 10 octets with its end)]"
    "[!line too long (at most 10 octets with its end)][QUIT][!the peer closed the connection]";

TEST_F(ConnectionTest, ReadsTheSameLinesWhereverTheInputIsCut) {
  for (std::size_t first_cut = 0; first_cut <= kInput.size(); ++first_cut) {
    for (std::size_t second_cut = first_cut; second_cut <= kInput.size(); ++second_cut) {
      std::deque<std::string> parts;
      for (const std::string_view part :
           {kInput.substr(0, first_cut), kInput.substr(first_cut, second_cut - first_cut),
            kInput.substr(second_cut)})
        if (!part.empty()) parts.emplace_back(part);
      ASSERT_EQ(read_all(parts, 10), kLines) << first_cut << " " << second_cut;
    }
  }
}

TEST_F(ConnectionTest, ReadsTheSameLinesOctetByOctet) {
  std::deque<std::string> parts;
  for (const char octet : kInput) parts.emplace_back(1, octet);
  EXPECT_EQ(read_all(parts, 10), kLines);
}

TEST_F(ConnectionTest, CountsTheLineEndIntoTheLimit) {
  EXPECT_EQ(read_all({"12345678\r\n"}, 10), "[12345678][!the peer closed the connection]");
  EXPECT_EQ(read_all({"12345678\r\n"}, 9),
            "[!line too long (at most 9 octets with its end)][!the peer closed the connection]");
}

TEST_F(ConnectionTest, ReadsLinesLongerThanItsBuffer) {
  const std::string line(3 * Connection::kInputBytes, 'x');
  EXPECT_EQ(read_all({line + "\r\n"}, line.size() + 2),
            "[" + line + "][!the peer closed the connection]");
}

TEST_F(ConnectionTest, KeepsTheMemoryOfALineUnlessItIsLarge) {
  Connection connection = scripted({std::string(5000, 'x') + "\r\n", "short\r\n"});
  std::string line;
  ASSERT_TRUE(run_on(first(), connection.read_line(line, 10'000, seconds(5))));
  EXPECT_EQ(line.size(), 5000U);
  ASSERT_TRUE(run_on(first(), connection.read_line(line, 10'000, seconds(5))));
  EXPECT_EQ(line, "short");
  EXPECT_LT(line.capacity(), 5000U);
}

TEST_F(ConnectionTest, GivesUpOnALineWithoutEnd) {
  const std::string part(64UL * 1024, 'x');
  EXPECT_EQ(read_all(std::deque<std::string>(17, part), 1000),
            "[!line too long (at most 1000 octets with its end)][!a line without end]");
}

/// Long before its end, and once only.
TEST_F(ConnectionTest, SaysAtOnceThatALineIsTooLong) {
  Connection connection = scripted({"123456", "78901", "2", "345\r\nNOOP\r\n"});
  const auto too_long = run_on(first(), connection.read_line(10, seconds(5)));
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().fault(), Fault::malformed);
  connection.put("500");
  EXPECT_EQ(run_on(first(), connection.read_line(10, seconds(5))), "NOOP");
  EXPECT_EQ(output_, "500|") << "sent before waiting for the rest";
}

TEST_F(ConnectionTest, InterruptEndsTheWaitForTheRestOfALine) {
  Connection connection = scripted({"12345678901", "2"});
  ASSERT_FALSE(run_on(first(), connection.read_line(10, seconds(5))));
  connection.interrupt();
  const auto interrupted = run_on(first(), connection.read_line(10, seconds(5)));
  ASSERT_FALSE(interrupted);
  EXPECT_EQ(interrupted.error().fault(), Fault::cancelled);
}

TEST_F(ConnectionTest, ClientsTakeAnyLineEndInReplies) {
  constexpr std::string_view kReplies = "250-a\n250-b\r\n250-c\r\r\n\n250 d\n";
  for (std::size_t cut = 1; cut < kReplies.size(); ++cut)
    EXPECT_EQ(read_all({std::string(kReplies.substr(0, cut)), std::string(kReplies.substr(cut))},
                       20, Connection::LineEnd::lf),
              "[250-a][250-b][250-c][][250 d][!the peer closed the connection]");
}

Task<Result<>> answer_three(Connection& connection) {
  for (int i = 0; i < 3; ++i) {
    auto line = co_await connection.read_line(100, seconds(5));
    if (!line) co_return fail(line.error());
    connection.put("<" + *line + (connection.has_line() ? "+" : "") + ">");
  }
  co_return co_await connection.flush(seconds(5));
}

TEST_F(ConnectionTest, AnswersAPipelinedGroupAtOnce) {
  Connection connection = scripted({"a\r\nb\r\nc", "\r\n"});
  EXPECT_FALSE(connection.has_line());
  ASSERT_TRUE(run_on(first(), answer_three(connection)));
  EXPECT_EQ(output_, "<a+><b>|<c>|");
}

Task<Result<>> write_pieces(Connection& connection) {
  connection.put("first ");
  co_return co_await connection.write({"second ", "", "third"}, seconds(5));
}

TEST_F(ConnectionTest, SendsWhatWasPutBeforeThePieces) {
  Connection connection = scripted({});
  ASSERT_TRUE(run_on(first(), write_pieces(connection)));
  EXPECT_EQ(output_, "first second third|");
  EXPECT_FALSE(connection.has_output());
}

TEST_F(ConnectionTest, GivesRawInputInPlace) {
  Connection connection = scripted({"abc", "def"});
  ASSERT_TRUE(run_on(first(), connection.read_more(seconds(5))));
  connection.consume(1);
  EXPECT_EQ(connection.input(), "bc");
  ASSERT_TRUE(run_on(first(), connection.read_more(seconds(5))));
  EXPECT_EQ(connection.input(), "bcdef");
  connection.consume(100);
  EXPECT_EQ(connection.input(), "");
  const auto ended = run_on(first(), connection.read_more(seconds(5)));
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().fault(), Fault::unavailable);
}

TEST_F(ConnectionTest, MovesInputDownWhenTheBufferEnds) {
  const std::string full(Connection::kInputBytes, 'x');
  Connection connection = scripted({full, "end"});
  ASSERT_TRUE(run_on(first(), connection.read_more(seconds(5))));
  connection.consume(full.size() - 2);
  ASSERT_TRUE(run_on(first(), connection.read_more(seconds(5))));
  EXPECT_EQ(connection.input(), "xxend");
}

TEST_F(ConnectionTest, InterruptLetsArrivedLinesThroughButWaitsForNoMore) {
  Connection connection = scripted({"a\r\nb\r\n", "c\r\n"});
  ASSERT_EQ(run_on(first(), connection.read_line(100, seconds(5))), "a");
  connection.interrupt();
  EXPECT_TRUE(connection.interrupted());
  EXPECT_EQ(run_on(first(), connection.read_line(100, seconds(5))), "b");
  const auto interrupted = run_on(first(), connection.read_line(100, seconds(5)));
  ASSERT_FALSE(interrupted);
  EXPECT_EQ(interrupted.error().fault(), Fault::cancelled);
  connection.put("421");
  EXPECT_TRUE(run_on(first(), connection.flush(seconds(5))));
  EXPECT_EQ(output_, "421|");
}

}  // namespace
}  // namespace veredus::io
