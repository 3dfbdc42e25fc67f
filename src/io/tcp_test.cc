#include "io/tcp.h"

#include <atomic>
#include <thread>

#include <sys/resource.h>
#include <unistd.h>

#include "base/allocations_test_support.h"
#include "io/connection.h"
#include "io/real_clock.h"
#include "io/socket_address.h"
#include "io/test_support.h"

namespace veredus::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Both ends of one connection, on one reactor.
struct Pair {
  std::unique_ptr<Connection> server;
  std::unique_ptr<Connection> client;
};

Task<Result<std::unique_ptr<Connection>>> connect_to(Network& network, Endpoint endpoint,
                                                     ConnectOptions options = {}) {
  auto stream = co_await network.connect(std::move(endpoint), options);
  if (!stream) co_return fail(stream.error());
  co_return std::make_unique<Connection>(std::move(*stream));
}

Task<Result<Pair>> make_pair_over(Network& network, Listener& listener) {
  auto client = co_await connect_to(network, listener.local());
  if (!client) co_return fail(client.error());
  auto server = co_await listener.accept();
  if (!server) co_return fail(server.error());
  Pair pair;
  pair.server = std::make_unique<Connection>(std::move(*server));
  pair.client = std::move(*client);
  co_return pair;
}

Task<bool> accept_one(Listener& listener) {
  auto stream = co_await listener.accept();
  co_return stream.has_value();
}

class TcpTest : public ReactorTest {
 protected:
  void TearDown() override { reactors_.stop(); }

  std::unique_ptr<Listener> listen(std::string_view text) {
    auto listener = network_.listen(*Endpoint::parse(text));
    EXPECT_TRUE(listener) << (listener ? "" : listener.error().text());
    return listener ? std::move(*listener) : nullptr;
  }
  Pair connected(Listener& listener) {
    auto pair = run_on(first(), make_pair_over(network_, listener));
    EXPECT_TRUE(pair) << (pair ? "" : pair.error().text());
    return pair ? std::move(*pair) : Pair();
  }
  Pair connected() { return connected(*listener_); }

  SocketNetwork network_;
  std::unique_ptr<Listener> listener_ = listen("127.0.0.1:0");
};

Task<std::string> say_and_hear(Pair& pair) {
  pair.client->put("hello\r\n");
  auto flushed = co_await pair.client->flush(seconds(5));
  if (!flushed) co_return flushed.error().text();
  auto line = co_await pair.server->read_line(100, seconds(5));
  co_return line ? *line : line.error().text();
}

TEST_F(TcpTest, TalksOverIpv4Ipv6AndUnixSockets) {
  const TemporaryFolder folder;
  const std::string deep = folder.path() + '/' + std::string(200, 'd');  // beyond sockaddr_un
  std::filesystem::create_directory(deep);
  for (const std::string& text : {std::string("127.0.0.1:0"), std::string("[::1]:0"),
                                  "unix:" + folder.path() + "/s", "unix:" + deep + "/s"}) {
    SCOPED_TRACE(text);
    const auto listener = listen(text);
    Pair pair = connected(*listener);
    EXPECT_EQ(run_on(first(), say_and_hear(pair)), "hello");
    EXPECT_EQ(pair.client->peer(), listener->local());
    EXPECT_EQ(pair.server->local(), listener->local());
    if (!listener->local().is_unix()) EXPECT_EQ(pair.server->peer(), pair.client->local());
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/s")) << "close() removes its file";
  EXPECT_FALSE(std::filesystem::exists(deep + "/s"));
}

TEST_F(TcpTest, SourceAddressIsUsedAndMustFit) {
  ConnectOptions options;
  options.source = *IpAddress::parse("127.0.0.2");
  auto client = run_on(first(), connect_to(network_, listener_->local(), options));
  ASSERT_TRUE(client) << client.error().text();
  EXPECT_EQ((*client)->local().address().text(), "127.0.0.2");

  options.source = *IpAddress::parse("::1");
  const auto misfit = run_on(first(), connect_to(network_, listener_->local(), options));
  ASSERT_FALSE(misfit);
  EXPECT_TRUE(misfit.error().text().contains("one is IPv4")) << misfit.error().text();
}

TEST_F(TcpTest, ConnectSaysWhoRefused) {
  const Endpoint gone = listen("127.0.0.1:0")->local();
  const auto refused = run_on(first(), connect_to(network_, gone));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault(), Fault::unavailable);
  EXPECT_EQ(refused.error().text(), "cannot connect to " + gone.text() + ": Connection refused");
}

TEST_F(TcpTest, ListenNamesTheEndpointAndTheRemedy) {
  SocketNetwork other;  // As another process would.
  const auto taken = other.listen(listener_->local());
  ASSERT_FALSE(taken);
  EXPECT_TRUE(taken.error().text().contains(listener_->local().text())) << taken.error().text();
  EXPECT_TRUE(taken.error().text().contains("another process")) << taken.error().text();
  EXPECT_TRUE(network_.listen(listener_->local())) << "each reactor has a listener of its own";

  const auto foreign = network_.listen(*Endpoint::parse("192.0.2.1:0"));
  ASSERT_FALSE(foreign);
  EXPECT_TRUE(foreign.error().text().contains("does not have the address"));
}

TEST_F(TcpTest, AStaleUnixSocketIsReplacedAndALiveOneIsNot) {
  const TemporaryFolder folder;
  const Endpoint endpoint = Endpoint::unix_socket(folder.path() + "/s");
  {
    auto dead = open_socket(endpoint);
    ASSERT_TRUE(dead);
    const SocketAddress address(endpoint);
    ASSERT_EQ(::bind(dead->get(), address.data(), address.length()), 0);
  }
  const auto listener = network_.listen(endpoint);
  ASSERT_TRUE(listener) << listener.error().text();
  const auto second_one = network_.listen(endpoint);
  ASSERT_FALSE(second_one);
  EXPECT_TRUE(second_one.error().text().contains("another process listens there"));
  EXPECT_TRUE(run_on(first(), accept_one(**listener))) << "the second one tried who is there";
  Pair pair = connected(**listener);
  EXPECT_EQ(run_on(first(), say_and_hear(pair)), "hello");
}

TEST_F(TcpTest, ReadEndsAtItsDeadlineAndTheStreamCanStillBeWritten) {
  Pair pair = connected();
  const auto before = std::chrono::steady_clock::now();
  const auto line = run_on(first(), pair.server->read_line(100, milliseconds(50)));
  const auto took = std::chrono::steady_clock::now() - before;
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().fault(), Fault::cancelled);
  EXPECT_GE(took, milliseconds(50));
  EXPECT_LT(took, seconds(5));
  pair.server->put("421 too slow\r\n");
  ASSERT_TRUE(run_on(first(), pair.server->flush(seconds(5))));
  EXPECT_EQ(run_on(first(), pair.client->read_line(100, seconds(5))), "421 too slow");
}

Task<> drip(Connection& connection, Clock& clock, std::atomic<bool>& done) {
  while (!done) {
    connection.put("x");
    auto flushed = co_await connection.flush(seconds(5));
    if (!flushed) co_return;
    co_await clock.sleep_for(milliseconds(10));
  }
}

TEST_F(TcpTest, AnOctetNowAndThenDoesNotStretchTheDeadline) {
  Pair pair = connected();
  RealClock clock;
  std::atomic<bool> done = false;
  std::promise<void> dripped;
  first().spawn("drip", fulfil(dripped, drip(*pair.client, clock, done)));
  const auto line = run_on(first(), pair.server->read_line(100'000, milliseconds(80)));
  done = true;
  dripped.get_future().get();
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().fault(), Fault::cancelled);
}

TEST_F(TcpTest, ShorterDeadlinesAfterLongerOnesHold) {
  Pair pair = connected();
  EXPECT_EQ(run_on(first(), say_and_hear(pair)), "hello");
  for (const auto deadline : {milliseconds(30), milliseconds(60), milliseconds(10)}) {
    const auto before = std::chrono::steady_clock::now();
    EXPECT_FALSE(run_on(first(), pair.server->read_line(100, deadline)));
    EXPECT_GE(std::chrono::steady_clock::now() - before, deadline);
    EXPECT_LT(std::chrono::steady_clock::now() - before, deadline + seconds(3));
  }
}

TEST_F(TcpTest, InterruptWakesAnIdleSession) {
  Pair pair = connected();
  std::jthread interrupter([&] {
    std::this_thread::sleep_for(milliseconds(30));
    first().post([&] { pair.server->interrupt(); });
  });
  const auto line = run_on(first(), pair.server->read_line(100, seconds(30)));
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().fault(), Fault::cancelled);
  pair.server->put("421 bye\r\n");
  ASSERT_TRUE(run_on(first(), pair.server->flush(seconds(5))));
  EXPECT_EQ(run_on(first(), pair.client->read_line(100, seconds(5))), "421 bye");
}

TEST_F(TcpTest, CloseEndsAPendingRead) {
  Pair pair = connected();
  std::jthread closer([&] {
    std::this_thread::sleep_for(milliseconds(30));
    first().post([&] { pair.server->close(); });
  });
  const auto line = run_on(first(), pair.server->read_line(100, seconds(30)));
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().fault(), Fault::cancelled);
}

Task<Result<>> write_views(Connection& connection, std::vector<std::string_view> pieces) {
  co_return co_await connection.write(std::move(pieces), seconds(10));
}

Task<Result<std::string>> read_octets(Connection& connection, std::size_t octets) {
  std::string all;
  while (all.size() < octets) {
    auto more = co_await connection.read_more(seconds(10));
    if (!more) co_return fail(more.error());
    all += connection.input();
    connection.consume(connection.input().size());
  }
  co_return all;
}

TEST_F(TcpTest, WritesManyPiecesBeyondTheSocketBuffer) {
  Pair pair = connected();
  std::vector<std::string> pieces;
  std::string whole;
  for (std::size_t i = 0; i < 500; ++i) {
    pieces.emplace_back(i * 37 % 40'000, static_cast<char>('a' + i % 26));
    whole += pieces.back();
  }
  std::promise<Result<>> written;
  first().spawn("writer",
                fulfil(written, write_views(*pair.client, {pieces.begin(), pieces.end()})));
  const auto read = run_on(first(), read_octets(*pair.server, whole.size()));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_TRUE(*read == whole);
  EXPECT_TRUE(written.get_future().get());
}

TEST_F(TcpTest, FlushesMoreThanTheSocketBuffer) {
  Pair pair = connected();
  std::string much;
  for (std::size_t i = 0; much.size() < 16UL * 1024 * 1024; ++i) much += std::to_string(i);
  pair.client->put(much);
  std::promise<Result<>> written;
  first().spawn("writer", fulfil(written, pair.client->flush(seconds(10))));
  const auto read = run_on(first(), read_octets(*pair.server, much.size()));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_TRUE(*read == much);
  EXPECT_TRUE(written.get_future().get());
}

TEST_F(TcpTest, AWriterWithoutAReaderEndsAtTheDeadline) {
  const std::string much(64UL * 1024 * 1024, 'x');
  Pair pair = connected();
  const auto written = run_on(first(), pair.client->write({much}, milliseconds(50)));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault(), Fault::cancelled);

  Pair other = connected();
  other.client->put(much);
  const auto flushed = run_on(first(), other.client->flush(milliseconds(50)));
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().fault(), Fault::cancelled);
}

/// A command and its reply over a socket, often: frames, buffers, timers and all.
Task<std::uint64_t> allocations_of_an_exchange(Connection& client, Connection& server) {
  constexpr int kWarmUp = 20;
  std::uint64_t before = 0;
  std::string line;
  for (int i = 0; i < 10 * kWarmUp; ++i) {
    if (i == kWarmUp) before = allocations;
    for (auto [from, to] : {std::pair(&client, &server), std::pair(&server, &client)}) {
      from->put("a line that is longer than a string's own memory\r\n");
      const Result<> sent = co_await from->flush(seconds(5));
      EXPECT_TRUE(sent);
      const Result<> read = co_await to->read_line(line, 100, seconds(5));
      EXPECT_TRUE(read);
    }
  }
  co_return allocations - before;
}

TEST_F(TcpTest, AnExchangeTakesNothingFromTheHeap) {
  if (!allocations_are_counted()) GTEST_SKIP() << "nobody counts here";
  Pair pair = connected();
  EXPECT_EQ(run_on(first(), allocations_of_an_exchange(*pair.client, *pair.server)), 0U);
}

TEST_F(TcpTest, AResetByThePeerIsUnavailable) {
  Pair pair = connected();
  pair.server->put("unread");
  ASSERT_TRUE(run_on(first(), pair.server->flush(seconds(5))));
  // The client leaves with input unread: the kernel sends a reset.
  std::this_thread::sleep_for(milliseconds(20));
  pair.client->close();
  const auto line = run_on(first(), pair.server->read_line(100, seconds(5)));
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().fault(), Fault::unavailable);
  EXPECT_TRUE(line.error().text().contains("Connection reset by peer")) << line.error().text();
}

TEST_F(TcpTest, ShutdownLetsThePeerReadTheLastWord) {
  Pair pair = connected();
  const std::string unread(100'000, 'x');
  ASSERT_TRUE(run_on(first(), pair.client->write({unread}, seconds(5))));
  pair.server->put("421 bye\r\n");
  ASSERT_TRUE(run_on(first(), pair.server->flush(seconds(5))));
  std::promise<void> ended;
  first().spawn("shutdown", fulfil(ended, pair.server->shutdown()));
  EXPECT_EQ(run_on(first(), pair.client->read_line(100, seconds(5))), "421 bye");
  const auto end = run_on(first(), pair.client->read_line(100, seconds(5)));
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().fault(), Fault::unavailable);
  pair.client->close();
  ended.get_future().get();
}

TEST_F(TcpTest, ShutdownDoesNotWaitForEverForThePeer) {
  Pair pair = connected();
  const auto before = std::chrono::steady_clock::now();
  run_on(first(), pair.server->shutdown());
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(10));
}

TEST_F(TcpTest, CloseEndsAccept) {
  std::promise<bool> accepted;
  first().spawn("accept", fulfil(accepted, accept_one(*listener_)));
  std::this_thread::sleep_for(milliseconds(20));
  first().post([&] { listener_->close(); });
  EXPECT_FALSE(accepted.get_future().get());
}

/// Leaves the process without free descriptors until it is destroyed.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = ::dup(STDERR_FILENO);
    ::close(lowest_free);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(lowest_free);
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST_F(TcpTest, TheListenerSurvivesWithoutDescriptors) {
  auto client = run_on(first(), connect_to(network_, listener_->local()));
  ASSERT_TRUE(client) << client.error().text();
  std::promise<bool> accepted;
  auto future = accepted.get_future();
  {
    const NoDescriptors exhausted;
    first().spawn("accept", fulfil(accepted, accept_one(*listener_)));
    EXPECT_EQ(future.wait_for(milliseconds(100)), std::future_status::timeout);
    const auto another = run_on(second(), connect_to(network_, listener_->local()));
    ASSERT_FALSE(another);
    EXPECT_EQ(another.error().fault(), Fault::overloaded);
  }
  EXPECT_TRUE(future.get());
}

}  // namespace
}  // namespace veredus::io
