#include "io/sim/network.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "io/connection.h"
#include "io/sim/test_support.h"
#include "io/sim/world.h"

namespace veredus::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const io::Endpoint kServer = endpoint("192.0.2.1", 25);

/// An echo server on the server host and clients outside.
class Network : public testing::Test {
 protected:
  explicit Network(Faults faults = {}) : world_(1, faults) { serve(); }

  void serve() { world_.spawn("echo", accept_all(world_.system(), kServer, &echo)); }

  /// The echo of `text`, or the error's text in brackets.
  std::string ask_echo(const std::string& text, io::Endpoint server = kServer) {
    std::optional<Result<std::string>> answer;
    world_.outside().spawn(
        "client", keep<Result<std::string>>(ask(world_.outside().system(), server, text), answer));
    if (!world_.run_until([&] { return answer.has_value(); })) return "(nothing)";
    return *answer ? **answer : "[" + answer->error().text() + "]";
  }

  io::System outside() { return world_.outside().system(); }

  World world_;
};

TEST_F(Network, CarriesOctetsBothWays) {
  EXPECT_EQ(ask_echo("hello"), "hello");
  EXPECT_EQ(ask_echo(""), "");
  std::string large;
  for (int i = 0; i < 20'000; ++i) large += std::to_string(i);
  EXPECT_TRUE(ask_echo(large) == large);
  EXPECT_EQ(world_.wires().connections(), 3U);
}

TEST_F(Network, NobodyListensIsRefused) {
  EXPECT_EQ(ask_echo("x", endpoint("192.0.2.1", 26)),
            "[cannot connect to 192.0.2.1:26: connection refused]");
}

io::Task<> dribble(std::unique_ptr<io::Stream> stream, Host& host) {
  for (int i = 0; i < 100; ++i) {
    co_await write_text(*stream, "x");
    co_await host.sleep(seconds(50));
  }
}

io::Task<> dribble_to_one(Host& host, io::Endpoint at) {
  auto listener = host.system().network.listen(at);
  auto stream = co_await (*listener)->accept();
  if (stream) co_await dribble(std::move(*stream), host);
}

io::Task<Result<std::string>> read_one_line(io::System system, io::Endpoint server) {
  auto stream = co_await system.network.connect(server, {});
  if (!stream) co_return fail(stream.error());
  io::Connection connection(std::move(*stream));
  co_return co_await connection.read_line(1000, seconds(300));
}

TEST_F(Network, DeadlinesAreMeasuredInVirtualTime) {
  const io::Endpoint slow = endpoint("192.0.2.1", 27);
  world_.spawn("slow", dribble_to_one(world_.server(), slow));
  std::optional<Result<std::string>> line;
  const SteadyTime begun = world_.time().now();
  world_.outside().spawn("reader", keep<Result<std::string>>(read_one_line(outside(), slow), line));
  ASSERT_TRUE(world_.run_until([&] { return line.has_value(); }));
  ASSERT_FALSE(*line);
  EXPECT_EQ(line->error().fault(), Fault::cancelled);
  EXPECT_GE(world_.time().now() - begun, seconds(300));
  EXPECT_LT(world_.time().now() - begun, seconds(302));
}

TEST_F(Network, AnUnspecifiedAddressListensOnAll) {
  world_.spawn("any", accept_all(world_.system(), endpoint("0.0.0.0", 2525), &echo));
  EXPECT_EQ(ask_echo("x", endpoint("203.0.113.7", 2525)), "x");
}

TEST_F(Network, AUnixSocketIsAnEndpointToo) {
  const io::Endpoint socket = io::Endpoint::unix_socket("run/lmtp.sock");
  world_.outside().spawn("lmtp", accept_all(outside(), socket, &echo));
  EXPECT_EQ(ask_echo("x", socket), "x");
}

TEST_F(Network, AnotherHostsEndpointIsTaken) {
  EXPECT_EQ(ask_echo("x"), "x");
  const auto second = outside().network.listen(kServer);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault(), Fault::unavailable);
  EXPECT_TRUE(world_.system().network.listen(kServer)) << "the same process may (SO_REUSEPORT)";
}

TEST_F(Network, PortZeroGetsARealPort) {
  const auto listener = outside().network.listen(endpoint("198.51.100.1", 0));
  ASSERT_TRUE(listener);
  EXPECT_NE((*listener)->local().port(), 0);
}

TEST_F(Network, RefusesAndHangsByPlan) {
  world_.wires().plan(kServer, {.open = Plan::Open::refuse});
  world_.wires().plan(kServer, {.open = Plan::Open::hang});
  EXPECT_EQ(ask_echo("x"), "[cannot connect to 192.0.2.1:25: connection refused]");
  const SteadyTime start = world_.time().now();
  EXPECT_EQ(ask_echo("x"), "[deadline passed while waiting for 192.0.2.1:25]");
  EXPECT_EQ(world_.time().now() - start, std::chrono::minutes(1));
  EXPECT_EQ(ask_echo("x"), "x") << "plans are used up";
}

TEST_F(Network, CutsAtAnyOctetOfEitherDirection) {
  for (std::uint64_t octet = 0; octet <= 5; ++octet) {
    SCOPED_TRACE(octet);
    world_.wires().plan(kServer, {.cut_to_server = octet});
    EXPECT_EQ(ask_echo("hello"), "[connection reset by 192.0.2.1:25]");
    world_.wires().plan(kServer, {.cut_to_client = octet});
    EXPECT_EQ(ask_echo("hello"), "[connection reset by 192.0.2.1:25]");
  }
  world_.wires().plan(kServer, {.cut_to_server = 6, .cut_to_client = 6});
  EXPECT_EQ(ask_echo("hello"), "hello") << "not so far";
}

TEST_F(Network, AStalledPeerRunsIntoTheDeadline) {
  for (const Plan& plan : {Plan{.stall_to_server = 3}, Plan{.stall_to_client = 3}}) {
    world_.wires().plan(kServer, plan);
    const SteadyTime start = world_.time().now();
    EXPECT_EQ(ask_echo("hello"), "[deadline passed while waiting for 192.0.2.1:25]");
    EXPECT_GE(world_.time().now() - start, kPatience);
  }
}

TEST_F(Network, AWriterToAStalledPeerWaitsForRoomAndGivesUp) {
  world_.wires().plan(kServer, {.stall_to_server = 3});
  EXPECT_EQ(ask_echo(std::string(1'000'000, 'x')),
            "[deadline passed while waiting for 192.0.2.1:25]");
}

TEST_F(Network, DelaysByPlan) {
  world_.wires().plan(kServer, {.delay = seconds(30)});
  const SteadyTime start = world_.time().now();
  EXPECT_EQ(ask_echo("x"), "x");
  EXPECT_GE(world_.time().now() - start, seconds(90)) << "open, there, and back";
}

TEST_F(Network, APartitionHoldsEverythingUntilItHeals) {
  const IpAddress here = world_.server().address();
  const IpAddress there = world_.outside().address();
  std::optional<Result<std::string>> answer;
  world_.outside().spawn("client",
                         keep<Result<std::string>>(ask(outside(), kServer, "hello"), answer));
  ASSERT_TRUE(world_.run_until([&] { return world_.wires().connections() == 1; }));
  world_.wires().partition(there, here);
  EXPECT_EQ(ask_echo("x"), "[deadline passed while waiting for 192.0.2.1:25]");
  EXPECT_FALSE(answer);
  world_.wires().heal(here, there);
  EXPECT_TRUE(world_.run_until([&] { return answer.has_value(); }));
  EXPECT_EQ(**answer, "hello");
}

io::Task<> answer_and_close_unread(std::unique_ptr<io::Stream> stream) {
  auto readable = co_await stream->wait_readable(kPatience);
  auto sent = co_await write_text(*stream, "go away");
  stream->close();
}

TEST_F(Network, ClosingWithInputUnreadIsAResetShutdownIsNot) {
  const io::Endpoint rude = endpoint("192.0.2.1", 99);
  world_.spawn("rude", accept_all(world_.system(), rude, &answer_and_close_unread));
  EXPECT_EQ(ask_echo("hello", rude), "[connection reset by 192.0.2.1:99]");
}

io::Task<> talk_polite(std::unique_ptr<io::Stream> stream) {
  auto sent = co_await write_text(*stream, "goodbye");
  co_await stream->shutdown();
}

TEST_F(Network, ShutdownDeliversWhatWasWrittenWhateverWasNotRead) {
  const io::Endpoint polite = endpoint("192.0.2.1", 98);
  world_.spawn("polite", accept_all(world_.system(), polite, &talk_polite));
  EXPECT_EQ(ask_echo("never read", polite), "goodbye");
}

io::Task<> connect_to(io::System system, io::Endpoint server, std::unique_ptr<io::Stream>& into) {
  auto stream = co_await system.network.connect(server, {});
  if (stream) into = std::move(*stream);
}

TEST_F(Network, CancelReadEndsAWaitAndNothingElse) {
  std::unique_ptr<io::Stream> stream;
  world_.outside().spawn("connect", connect_to(outside(), kServer, stream));
  ASSERT_TRUE(world_.run_until([&] { return stream != nullptr; }));

  std::optional<Result<>> waited;
  world_.outside().spawn("wait", keep<Result<>>(stream->wait_readable(hours(1)), waited));
  world_.run_for(seconds(1));
  stream->cancel_read();
  ASSERT_TRUE(world_.run_until([&] { return waited.has_value(); }, seconds(1)));
  EXPECT_EQ(waited->error().fault(), Fault::cancelled);

  std::optional<Result<>> written;
  world_.outside().spawn("write", keep<Result<>>(write_text(*stream, "still here"), written));
  waited.reset();
  world_.outside().spawn("wait", keep<Result<>>(stream->wait_readable(hours(1)), waited));
  ASSERT_TRUE(world_.run_until([&] { return waited.has_value(); }, seconds(5)));
  EXPECT_TRUE(*waited) << "the echo came";

  std::optional<Result<std::size_t>> read;
  std::string buffer(100, '\0');
  world_.outside().spawn("read",
                         keep<Result<std::size_t>>(stream->read_some(buffer, hours(1)), read));
  ASSERT_TRUE(world_.run_until([&] { return read.has_value(); }));
  EXPECT_TRUE(*read);
  EXPECT_EQ(stream->peer(), kServer);
  EXPECT_EQ(stream->local().address(), world_.outside().address());
}

TEST_F(Network, CloseEndsAPendingReadWithCancelled) {
  std::unique_ptr<io::Stream> stream;
  world_.outside().spawn("connect", connect_to(outside(), kServer, stream));
  ASSERT_TRUE(world_.run_until([&] { return stream != nullptr; }));
  std::optional<Result<std::size_t>> read;
  std::string buffer(100, '\0');
  world_.outside().spawn("read",
                         keep<Result<std::size_t>>(stream->read_some(buffer, hours(1)), read));
  world_.run_for(seconds(1));
  stream->close();
  ASSERT_TRUE(world_.run_until([&] { return read.has_value(); }, seconds(1)));
  EXPECT_EQ(read->error().fault(), Fault::cancelled);
}

TEST_F(Network, ACrashOfTheServerIsAResetForClientsAndARestartServesThemAgain) {
  for (const Crash crash : {Crash::kill, Crash::power}) {
    std::unique_ptr<io::Stream> stream;
    world_.outside().spawn("connect", connect_to(outside(), kServer, stream));
    ASSERT_TRUE(world_.run_until([&] { return stream != nullptr; }));
    std::optional<Result<std::string>> read;
    world_.outside().spawn("read", keep<Result<std::string>>(read_all(*stream), read));
    world_.run_for(seconds(1));
    const SteadyTime start = world_.time().now();
    world_.crash(crash);
    EXPECT_EQ(ask_echo("x"), "[cannot connect to 192.0.2.1:25: connection refused]");
    ASSERT_TRUE(world_.run_until([&] { return read.has_value(); }));
    EXPECT_EQ(read->error().text(), "connection reset by 192.0.2.1:25");
    EXPECT_LT(world_.time().now() - start, seconds(61));
    serve();
    EXPECT_EQ(ask_echo("again"), "again");
  }
}

TEST(NetworkFaults, HappenAboutAsOftenAsAsked) {
  Faults faults;
  faults.network.refuse = 0.2;
  faults.network.hang = 0.1;
  faults.network.cut = 0.2;
  faults.network.octets_max = 5;
  World world(3, faults);
  world.spawn("echo", accept_all(world.system(), kServer, &echo));
  int good = 0;
  for (int i = 0; i < 200; ++i) {
    std::optional<Result<std::string>> answer;
    world.outside().spawn("client", keep<Result<std::string>>(
                                        ask(world.outside().system(), kServer, "hello"), answer));
    ASSERT_TRUE(world.run_until([&] { return answer.has_value(); }));
    if (*answer) {
      ++good;
      EXPECT_EQ(**answer, "hello");
    }
  }
  EXPECT_NEAR(good, 200 * 0.8 * 0.9 * 0.8, 25);
  EXPECT_TRUE(world.failures().empty());
}

}  // namespace
}  // namespace veredus::sim
