#include "io/held_sockets.h"

#include <memory>
#include <set>
#include <utility>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/bound_socket.h"
#include "io/tcp.h"
#include "io/temporary_folder.h"
#include "io/test_support.h"

namespace veredus::io {
namespace {

const Endpoint kAnyPort(*IpAddress::parse("127.0.0.1"), 0);

/// A socket as systemd would pass it: it blocks, and listens already.
int passed_socket(const Endpoint& endpoint) {
  auto socket = bind_socket(endpoint);
  EXPECT_TRUE(listen_on(*socket, endpoint));
  return socket->release();
}

/// An endpoint of loopback that nobody listens on.
Endpoint free_endpoint() {
  const auto socket = bind_socket(kAnyPort);
  return local_endpoint(socket->get());
}

TEST(HeldSockets, WhatWasBoundIsGivenOutOnce) {
  HeldSockets held;
  const Endpoint endpoint = free_endpoint();
  ASSERT_TRUE(held.bind(endpoint, 2));
  EXPECT_TRUE(held.take(endpoint));
  EXPECT_TRUE(held.has(endpoint));
  EXPECT_TRUE(held.take(endpoint));
  EXPECT_FALSE(held.has(endpoint));
  EXPECT_FALSE(held.take(endpoint));
}

TEST(HeldSockets, ATakenPortIsToldWithItsRemedy) {
  HeldSockets held;
  const int other = passed_socket(kAnyPort);
  const auto bound = held.bind(local_endpoint(other), 1);
  ::close(other);
  ASSERT_FALSE(bound);
  EXPECT_NE(bound.error().text().find("ss -ltnp"), std::string::npos) << bound.error().text();
}

TEST(HeldSockets, WhatWasInheritedHasADescriptorForEverybody) {
  HeldSockets held;
  const auto endpoint = held.adopt(passed_socket(kAnyPort));
  ASSERT_TRUE(endpoint);
  std::set<int> descriptors;
  std::vector<HeldSockets::Socket> taken;
  for (int i = 0; i < 3; ++i) taken.push_back(*held.take(*endpoint));
  for (const HeldSockets::Socket& socket : taken) {
    EXPECT_TRUE(socket.inherited);
    EXPECT_EQ(local_endpoint(socket.descriptor.get()), *endpoint);
    descriptors.insert(socket.descriptor.get());
  }
  EXPECT_EQ(descriptors.size(), 3U);
}

TEST(HeldSockets, OnlySocketsThatListenAreInherited) {
  HeldSockets held;
  auto bound = bind_socket(kAnyPort);
  EXPECT_FALSE(held.adopt(bound->get()));
  EXPECT_FALSE(held.adopt(STDIN_FILENO));
}

TEST(HeldSockets, OneThatMixesFamiliesIsRefused) {
  const OwnedDescriptor socket(::socket(AF_INET6, SOCK_STREAM, 0));
  if (!socket.is_open()) GTEST_SKIP() << "no IPv6";
  ASSERT_EQ(::listen(socket.get(), 1), 0);
  const auto endpoint = HeldSockets().adopt(socket.get());
  ASSERT_FALSE(endpoint);
  EXPECT_NE(endpoint.error().text().find("BindIPv6Only=ipv6-only"), std::string::npos);
}

class HeldListener : public ReactorTest {};

Task<bool> is_reached(Network& network, Listener& listener, Endpoint endpoint) {
  auto client = co_await network.connect(std::move(endpoint), ConnectOptions());
  if (!client) co_return false;
  auto server = co_await listener.accept();
  co_return server.has_value();
}

TEST_F(HeldListener, ListensOnWhatIsHeld) {
  auto held = std::make_shared<HeldSockets>();
  const Endpoint bound = free_endpoint();
  ASSERT_TRUE(held->bind(bound, 2));
  const auto inherited = held->adopt(passed_socket(kAnyPort));
  ASSERT_TRUE(inherited);
  SocketNetwork network(held);
  for (const Endpoint& endpoint : {bound, *inherited}) {
    const auto listener = network.listen(endpoint);
    ASSERT_TRUE(listener) << listener.error().text();
    EXPECT_EQ((*listener)->local(), endpoint);
    EXPECT_TRUE(run_on(first(), is_reached(network, **listener, endpoint)));
  }
  EXPECT_TRUE(network.listen(bound));
  EXPECT_TRUE(network.listen(bound)) << "a third is bound as ever";
}

TEST_F(HeldListener, TheFileOfAnInheritedSocketStays) {
  const TemporaryFolder folder;
  const Endpoint endpoint = Endpoint::unix_socket(folder.path() + "/lmtp");
  auto held = std::make_shared<HeldSockets>();
  ASSERT_EQ(*held->adopt(passed_socket(endpoint)), endpoint);
  SocketNetwork network(held);
  auto listener = network.listen(endpoint);
  ASSERT_TRUE(listener);
  EXPECT_TRUE(run_on(first(), is_reached(network, **listener, endpoint)));
  (*listener)->close();
  EXPECT_TRUE(std::filesystem::exists(endpoint.path()));
}

}  // namespace
}  // namespace veredus::io
