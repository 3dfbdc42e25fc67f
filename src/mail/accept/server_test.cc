#include "mail/accept/server.h"

#include <gtest/gtest.h>

#include "io/connection.h"
#include "io/sim/world.h"
#include "storage/memory/memory_storage.h"

namespace veredus::accept {
namespace {

constexpr std::chrono::minutes kPatience{10};

SharedSettings settings(const std::string& hostname) {
  route::RouteConfig route;
  route.hostname = hostname;
  route.domains.emplace_back().name = "example.test";
  route.domains.front().mailboxes = {"you"};
  AcceptConfig accept;
  accept.hostname = hostname;
  return std::make_shared<const Settings>(
      accept, std::make_shared<const route::Router>(std::move(*route::Router::make(route))),
      policy::RelayRule(policy::RelayConfig{{*IpNetwork::parse("198.51.100.0/24")}}));
}

class ServerTest : public testing::Test {
 protected:
  ServerTest()
      : queue_(queue::QueueConfig(), system_, storage_),
        server_(Surroundings{system_, queue_}, settings("old.example")) {
    queue_.connect(
        {.destination_of = [](const queue::Recipient&) { return std::string("nowhere"); },
         .start_worker = [](const std::string&) {},
         .compose_notice = {}});
  }
  ~ServerTest() override { world_.crash(); }

  static io::Task<> connect(io::System system, io::Endpoint at,
                            std::unique_ptr<io::Connection>& into) {
    auto stream = co_await system.network.connect(at, {});
    EXPECT_TRUE(stream);
    if (stream) into = std::make_unique<io::Connection>(std::move(*stream));
  }
  static io::Task<> ask(io::Connection& connection, std::string say, std::string& answer) {
    connection.put(say);
    const auto line = co_await connection.read_line(1000, kPatience);
    answer = line ? *line : line.error().text();
  }
  static io::Task<> stop(Server& server, bool& done) {
    co_await server.stop();
    done = true;
  }

  std::unique_ptr<io::Connection> connect() {
    std::unique_ptr<io::Connection> connection;
    world_.outside().spawn("connect", connect(world_.outside().system(), endpoint_, connection));
    EXPECT_TRUE(world_.run_until([&] { return connection != nullptr; }));
    return connection;
  }
  std::string ask(io::Connection& connection, const std::string& say) {
    std::string answer;
    world_.outside().spawn("ask", ask(connection, say, answer));
    EXPECT_TRUE(world_.run_until([&] { return !answer.empty(); }));
    return answer;
  }

  sim::World world_{1};
  io::System system_ = world_.system();
  io::Endpoint endpoint_ = *io::Endpoint::parse("192.0.2.1:25");
  storage::MemoryStorage storage_{system_.clock};
  queue::Queue queue_;
  Server server_;
};

TEST_F(ServerTest, OpenSessionsKeepTheirSettingsAndNewOnesGetNew) {
  ASSERT_TRUE(server_.listen({endpoint_}));
  const auto first = connect();
  EXPECT_EQ(ask(*first, ""), "220 old.example ESMTP Veredus");
  server_.replace(settings("new.example"));
  const auto second = connect();
  EXPECT_EQ(ask(*second, ""), "220 new.example ESMTP Veredus");
  EXPECT_EQ(ask(*first, "HELO client.example\r\n"), "250 old.example");
  EXPECT_EQ(server_.session_count(), 2U);
}

TEST_F(ServerTest, StopEndsIdleSessionsAtOnce) {
  ASSERT_TRUE(server_.listen({endpoint_}));
  const auto client = connect();
  EXPECT_TRUE(ask(*client, "").starts_with("220 "));
  bool done = false;
  world_.spawn("stop", stop(server_, done));
  EXPECT_TRUE(ask(*client, "").starts_with("421 4.3.2 "));
  client->close();
  EXPECT_TRUE(world_.run_until([&] { return done; }, std::chrono::seconds(5)));
  EXPECT_EQ(server_.session_count(), 0U);
}

TEST_F(ServerTest, StopDoesNotWaitForeverForAMessage) {
  ASSERT_TRUE(server_.listen({endpoint_}));
  const auto client = connect();
  EXPECT_TRUE(ask(*client, "").starts_with("220 "));
  EXPECT_TRUE(ask(*client, "HELO client.example\r\n").starts_with("250 "));
  EXPECT_TRUE(ask(*client, "MAIL FROM:<>\r\n").starts_with("250 "));
  EXPECT_TRUE(ask(*client, "RCPT TO:<you@example.test>\r\n").starts_with("250 "));
  EXPECT_TRUE(ask(*client, "DATA\r\n").starts_with("354 "));
  bool done = false;
  const SteadyTime begin = world_.time().now();
  world_.spawn("stop", stop(server_, done));
  EXPECT_TRUE(world_.run_until([&] { return done; }));
  EXPECT_GE(world_.time().now() - begin, std::chrono::seconds(30)) << "it had its time";
  EXPECT_LE(world_.time().now() - begin, std::chrono::seconds(31));
}

}  // namespace
}  // namespace veredus::accept
