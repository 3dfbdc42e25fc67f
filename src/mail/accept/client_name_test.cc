#include "mail/accept/client_name.h"

#include <optional>

#include <gtest/gtest.h>

#include "io/sim/world.h"
#include "storage/memory/memory_storage.h"

namespace veredus::accept {
namespace {

constexpr const char* kClient = "203.0.113.9";

class ClientNameTest : public testing::Test {
 protected:
  static io::Task<> ask(const Surroundings& surroundings, std::string address, Duration patience,
                        std::optional<std::string>& found) {
    ClientName name(surroundings, *surroundings.system.reactors.front(),
                    *IpAddress::parse(address));
    std::string got = co_await name.get(patience);
    found = std::move(got);
  }

  std::string look_up(Duration patience = std::chrono::seconds(2),
                      const std::string& address = kClient) {
    std::optional<std::string> found;
    world_.spawn("ask", ask(surroundings_, address, patience, found));
    EXPECT_TRUE(world_.run_until([&] { return found.has_value(); }));
    return found.value_or("never");
  }

  ~ClientNameTest() override { world_.crash(); }

  sim::World world_{1};
  io::System system_ = world_.system();
  storage::MemoryStorage storage_{system_.clock};
  queue::Queue queue_{queue::QueueConfig(), system_, storage_};
  Surroundings surroundings_{system_, queue_};
};

TEST_F(ClientNameTest, NameThatLeadsBackIsBelieved) {
  world_.dns().ptr(kClient, "mail.client.example");
  world_.dns().address("mail.client.example", kClient);
  EXPECT_EQ(look_up(), "mail.client.example");
}

TEST_F(ClientNameTest, NameThatLeadsElsewhereIsNot) {
  world_.dns().ptr(kClient, "mx.bank.example");
  world_.dns().address("mx.bank.example", "198.51.100.77");
  EXPECT_EQ(look_up(), "");
}

TEST_F(ClientNameTest, NoNameAtAll) { EXPECT_EQ(look_up(), ""); }

TEST_F(ClientNameTest, FirstOfSeveralThatLeadsBack) {
  world_.dns().ptr(kClient, "forged.example");
  world_.dns().ptr(kClient, "real.example");
  world_.dns().address("real.example", "203.0.113.8");
  world_.dns().address("real.example", kClient);
  EXPECT_EQ(look_up(), "real.example");
}

TEST_F(ClientNameTest, Ipv6) {
  world_.dns().ptr("2001:db8::9", "six.example");
  world_.dns().address("six.example", "2001:db8::9");
  EXPECT_EQ(look_up(std::chrono::seconds(2), "2001:db8::9"), "six.example");
}

/// A client must not wait for its own name server; and the answer that comes when the session has
/// long gone harms nobody.
TEST_F(ClientNameTest, SlowDnsIsNotWaitedFor) {
  world_.dns().ptr(kClient, "slow.example");
  world_.dns().fail(IpAddress::parse(kClient)->reverse_name(), sim::DnsFailure::timeout);
  const SteadyTime begin = world_.time().now();
  EXPECT_EQ(look_up(std::chrono::seconds(2)), "");
  EXPECT_LE(world_.time().now() - begin, std::chrono::seconds(3));
  EXPECT_TRUE(world_.run_until_idle());
  EXPECT_TRUE(world_.failures().empty());
}

/// Clients that come and go behind a dead name server do not heap up look-ups.
TEST_F(ClientNameTest, PendingLookupsAreBounded) {
  constexpr const char* kDead = "203.0.113.10";
  world_.dns().fail(IpAddress::parse(kDead)->reverse_name(), sim::DnsFailure::timeout);
  world_.dns().ptr(kClient, "mail.client.example");
  world_.dns().address("mail.client.example", kClient);
  for (std::uint32_t i = 0; i < ClientName::kLookupsMax; ++i)
    EXPECT_EQ(look_up(Duration::zero(), kDead), "");
  EXPECT_EQ(surroundings_.load->name_lookups, ClientName::kLookupsMax);
  const SteadyTime begin = world_.time().now();
  EXPECT_EQ(look_up(), "") << "no room";
  EXPECT_LT(world_.time().now() - begin, std::chrono::seconds(1)) << "and nothing to wait for";
  EXPECT_TRUE(world_.run_until_idle());
  EXPECT_EQ(surroundings_.load->name_lookups, 0U);
  EXPECT_EQ(look_up(), "mail.client.example");
}

}  // namespace
}  // namespace veredus::accept
