// Both sides over the simulated network.

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/tls/tls_test_support.h"

namespace veredus::io {
namespace {

using testing::HasSubstr;

TEST_F(TlsTest, CarriesLinesBothWaysAndSaysHow) {
  serve({.certificates = {authority_.certify({.name = "mx"})}});
  const Talk talked = talk({.ca_file = authority_.ca_file()}, {.name = "mx.example.test"});
  EXPECT_EQ(talked.echoed, "hello");
  EXPECT_EQ(talked.info.version, "TLSv1.3");
  EXPECT_TRUE(talked.info.verified) << talked.info.problem;
  EXPECT_EQ(describe(talked.info), "TLSv1.3 " + talked.info.cipher + ", verified");
  EXPECT_EQ(seen_.version, "TLSv1.3");
  EXPECT_EQ(seen_.server_name, "mx.example.test");
  EXPECT_EQ(describe(seen_), "TLSv1.3 " + seen_.cipher);
  EXPECT_EQ(talked.bindings.first.size(), 32U);
  EXPECT_EQ(talked.bindings, server_bindings_);
  EXPECT_EQ(talked.bindings.second, "") << "TLS 1.3 has no tls-unique";
}

TEST_F(TlsTest, LargeLinesInOddPieces) {
  serve({.certificates = {authority_.certify({.name = "mx", .rsa = true})}});
  for (const std::size_t octets : {1UL, 16'383UL, 16'384UL, 16'385UL, 300'000UL}) {
    std::string line(octets, 'a');
    for (std::size_t i = 0; i < octets; ++i) line[i] = static_cast<char>('a' + i % 26);
    EXPECT_TRUE(talk({.ca_file = authority_.ca_file()}, {.name = "mx.example.test"}, line).echoed ==
                line)
        << octets;
  }
}

TEST_F(TlsTest, TheNameChoosesTheCertificate) {
  serve({.certificates = {
             authority_.certify({.name = "one"}),
             authority_.certify({.name = "two", .alternative = "DNS:*.two.test,DNS:two.test"})}});
  const TlsClientConfig client{.ca_file = authority_.ca_file()};
  for (const char* name : {"mx.example.test", "mail.two.test", "two.test"})
    EXPECT_TRUE(talk(client, {.name = name}).info.verified) << name;
  EXPECT_EQ(talk(client, {.name = "a.b.two.test"}).info.problem,
            "it is for mx.example.test, not for a.b.two.test");
  EXPECT_EQ(talk(client, {.name = "192.0.2.1"}).info.problem,
            "it is for mx.example.test, not for 192.0.2.1");
}

TEST_F(TlsTest, AnAddressMayBeTheName) {
  serve({.certificates = {
             authority_.certify({.name = "ip", .alternative = "IP:192.0.2.1,DNS:x.test"})}});
  EXPECT_TRUE(talk({.ca_file = authority_.ca_file()}, {.name = "192.0.2.1", .must_verify = true})
                  .info.verified);
}

TEST_F(TlsTest, SessionsAreResumed) {
  serve({.certificates = {authority_.certify({.name = "mx"})}});
  const auto client = TlsClient::load({.ca_file = authority_.ca_file()});
  ASSERT_TRUE(client);
  const TlsClient::Wish wish{.name = "mx.example.test", .session_key = "mx", .must_verify = true};
  EXPECT_FALSE(talk_with(**client, wish).info.resumed);
  const Talk again = talk_with(**client, wish);
  EXPECT_TRUE(again.info.resumed);
  EXPECT_TRUE(again.info.verified);
  EXPECT_EQ(again.bindings, server_bindings_);
  serve({.certificates = {authority_.certify({.name = "mx"})}});  // Read anew: same ticket keys.
  EXPECT_TRUE(talk_with(**client, wish).info.resumed);
  EXPECT_FALSE(talk_with(**client, {.name = "mx.example.test"}).info.resumed);
}

TEST_F(TlsTest, TheVersionsAgree) {
  serve({.certificates = {authority_.certify({.name = "mx"})}, .version_min = TlsVersion::tls_1_3});
  const TlsClientConfig client{.ca_file = authority_.ca_file(), .version_min = TlsVersion::tls_1_3};
  EXPECT_EQ(talk(client, {.name = "mx.example.test"}).info.version, "TLSv1.3");
}

Task<> say(TlsTest& /*test*/, sim::World& world, Endpoint server, std::string text) {
  auto stream = co_await world.outside().system().network.connect(server, {});
  if (!stream) co_return;
  co_await sim::write_text(**stream, std::move(text));
  const auto answer = co_await sim::read_all(**stream);
  (void)answer;
}

TEST_F(TlsTest, WhoSpeaksNoTlsIsTold) {
  serve({.certificates = {authority_.certify({.name = "mx"})}});
  for (const char* text : {"EHLO client.example\r\n", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01"}) {
    server_error_.clear();
    world_.outside().spawn("plain", say(*this, world_, kServer, text));
    EXPECT_TRUE(world_.run_until([this] { return !server_error_.empty(); })) << text;
  }
  EXPECT_THAT(server_error_, HasSubstr("TLS took too long"));
}

TEST_F(TlsTest, AServerThatSpeaksNoTlsIsAnError) {
  world_.spawn("echo", sim::accept_all(world_.system(), kServer, &sim::echo));
  listening_ = true;
  EXPECT_EQ(talk({.ca_file = authority_.ca_file()}, {.name = "mx.example.test"}).echoed.front(),
            '[');
}

TEST_F(TlsTest, AnEndThatTlsDidNotSayIsNoEnd) {
  serve({.certificates = {authority_.certify({.name = "mx"})}});
  world_.wires().plan(kServer, {.cut_to_server = std::nullopt});
  const auto client = TlsClient::load({.ca_file = authority_.ca_file()});
  ASSERT_TRUE(client);
  // The outer stream ends without close_notify: whoever is on the way can do that.
  class Cutter {
   public:
    static Task<> run(TlsTest& test, sim::World& world, const TlsClient& client, Endpoint server,
                      bool& ended) {
      (void)test;
      auto stream = co_await world.outside().system().network.connect(server, {});
      Stream* bare = stream->get();
      const auto tls =
          co_await client.connect(*stream, {.name = "mx.example.test"}, std::chrono::minutes(1));
      EXPECT_TRUE(tls);
      co_await sim::write_text(**stream, "half a line");
      co_await bare->shutdown();
      ended = true;
    }
  };
  bool ended = false;
  server_error_.clear();
  world_.outside().spawn("cutter", Cutter::run(*this, world_, **client, kServer, ended));
  EXPECT_TRUE(world_.run_until([&] { return ended && !server_error_.empty(); }));
  EXPECT_THAT(server_error_, HasSubstr("cut: it ended without the end that TLS has"));
}

/// Wherever the wire is cut, both sides end with an error and nobody hangs or crashes.
TEST_F(TlsTest, CutAnywhere) {
  serve({.certificates = {authority_.certify({.name = "mx"})}});
  int whole = 0;
  for (std::uint64_t octets = 0; octets < 3000; octets += 97) {
    world_.wires().plan(kServer, {.cut_to_server = octets});
    whole += talk({.ca_file = authority_.ca_file()}, {.name = "mx.example.test"}).echoed == "hello"
                 ? 1
                 : 0;
    world_.wires().plan(kServer, {.cut_to_client = octets});
    whole += talk({.ca_file = authority_.ca_file()}, {.name = "mx.example.test"}).echoed == "hello"
                 ? 1
                 : 0;
  }
  EXPECT_GT(whole, 0);
  EXPECT_EQ(talk({.ca_file = authority_.ca_file()}, {.name = "mx.example.test"}).echoed, "hello");
}

TEST_F(TlsTest, StalledHandshakesEnd) {
  serve({.certificates = {authority_.certify({.name = "mx"})}});
  for (const std::uint64_t octets : {0U, 100U, 500U}) {
    world_.wires().plan(kServer, {.stall_to_client = octets});
    EXPECT_THAT(talk({.ca_file = authority_.ca_file()}, {.name = "mx.example.test"}).echoed,
                testing::StartsWith("["));
  }
}

TEST(Connection, WhatCameBeforeTlsDoesNotCountUnderIt) {
  sim::World world(3);
  std::optional<bool> refused;
  struct Run {
    static Task<> serve(sim::World& world, std::optional<bool>& refused) {
      auto listener = world.system().network.listen(sim::endpoint("192.0.2.1", 25));
      auto stream = co_await (*listener)->accept();
      Connection connection(std::move(*stream));
      const auto line = co_await connection.read_line(100, std::chrono::minutes(1));
      EXPECT_TRUE(line);
      refused = !connection.stream_to_cover().has_value();
    }
    static Task<> send(sim::World& world) {
      auto stream =
          co_await world.outside().system().network.connect(sim::endpoint("192.0.2.1", 25), {});
      co_await sim::write_text(**stream, "STARTTLS\r\nMAIL FROM:<injected@example.test>\r\n");
      co_await world.outside().sleep(std::chrono::minutes(1));
    }
  };
  world.spawn("serve", Run::serve(world, refused));
  world.outside().spawn("send", Run::send(world));
  ASSERT_TRUE(world.run_until([&] { return refused.has_value(); }));
  EXPECT_TRUE(*refused);
}

}  // namespace
}  // namespace veredus::io
