#include "io/unbound_resolver.h"

#include <array>
#include <atomic>
#include <cstring>
#include <thread>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/socket_address.h"
#include "io/test_support.h"
#include "wire/dns/name.h"
#include "wire/dns/records.h"

namespace veredus::io {
namespace {

using std::chrono::milliseconds;

std::string number(unsigned value, int octets) {
  std::string text;
  for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8)
    text += static_cast<char>(value >> shift & 0xFF);
  return text;
}

std::string record(std::string_view owner, dns::Type type, const std::string& rdata) {
  return *dns::encode_name(owner) + number(static_cast<unsigned>(type), 2) + number(1, 2) +
         number(300, 4) + number(static_cast<unsigned>(rdata.size()), 2) + rdata;
}

/// A name server on loopback that knows a handful of names, by their first label:
///   mail     two MX           alias  a CNAME to mail     none  NXDOMAIN      servfail  SERVFAIL
///   silent   no answer        anything else exists without records
class NameServer {
 public:
  NameServer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const SocketAddress any(*Endpoint::parse("127.0.0.1:0"));
    if (::bind(socket_.get(), any.data(), any.length()) != 0) std::abort();
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }

  Endpoint endpoint() const { return local_endpoint(socket_.get()); }
  int queries() const noexcept { return queries_; }

 private:
  void serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd ready{socket_.get(), POLLIN, 0};
      if (::poll(&ready, 1, 20) != 1) continue;
      std::array<char, 4096> query;
      SocketAddress from;
      const ssize_t octets = ::recvfrom(socket_.get(), query.data(), query.size(), 0, from.data(),
                                        from.length_pointer());
      if (octets < 12) continue;
      const std::string reply = answer({query.data(), static_cast<std::size_t>(octets)});
      if (!reply.empty())
        ::sendto(socket_.get(), reply.data(), reply.size(), 0, from.data(), from.length());
    }
  }

  std::string answer(std::string_view query) {
    const auto name = dns::decode_name(query.substr(12));
    if (!name) return {};
    const std::string_view question = query.substr(12, name->octets + 4);
    const std::string label = name->text.substr(0, name->text.find('.'));
    if (label == "silent") return {};
    if (label == "mail") ++queries_;
    unsigned code = 0;
    if (label == "servfail") code = 2;
    if (label == "none") code = 3;
    const auto type =
        static_cast<dns::Type>(static_cast<unsigned char>(question[name->octets + 1]));

    std::vector<std::string> records;
    if (label == "alias")
      records.push_back(
          record(name->text, dns::Type::cname, *dns::encode_name("mail.example.test")));
    if ((label == "mail" || label == "alias") && type == dns::Type::mx) {
      for (const auto& mx : {dns::Mx{10, "a.example.test"}, dns::Mx{20, "b.example.test"}})
        records.push_back(record("mail.example.test", type, *dns::encode_mx(mx)));
    }
    // RFC 2308 §2: a denial comes with the zone's SOA.
    std::string authority;
    if (records.empty() && code != 2) {
      authority =
          record("example.test", dns::Type::soa,
                 *dns::encode_name("ns.example.test") + *dns::encode_name("m.example.test") +
                     number(1, 4) + number(1, 4) + number(1, 4) + number(1, 4) + number(60, 4));
    }
    std::string reply(query.substr(0, 2));
    reply += number(0x8580 | code, 2) + number(1, 2) +
             number(static_cast<unsigned>(records.size()), 2) +
             number(authority.empty() ? 0 : 1, 2) + number(0, 2);
    reply += question;
    for (const std::string& text : records) reply += text;
    return reply + authority;
  }

  OwnedDescriptor socket_;
  std::atomic<int> queries_ = 0;
  std::jthread thread_;  // Last: it uses all of the above.
};

class ResolverTest : public ReactorTest {
 protected:
  void SetUp() override {
    ResolverOptions options;
    options.servers = {server_.endpoint()};
    options.deadline = milliseconds(1500);
    auto resolver = UnboundResolver::make(options);
    ASSERT_TRUE(resolver) << resolver.error().text();
    resolver_ = std::move(*resolver);
  }
  void TearDown() override {
    reactors_.stop();
    if (resolver_) resolver_->stop();
    reactors_.clear();
  }
  Result<dns::Answer> ask(const std::string& name, dns::Type type = dns::Type::mx) {
    return run_on(first(), resolver_->lookup(name, type));
  }

  NameServer server_;
  std::unique_ptr<UnboundResolver> resolver_;
};

TEST_F(ResolverTest, FindsRecordsAndKeepsThem) {
  const auto answer = ask("Mail.Example.test");
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->status, dns::Answer::Status::found);
  EXPECT_EQ(answer->type, dns::Type::mx);
  EXPECT_EQ(answer->canonical_name, "mail.example.test");
  EXPECT_FALSE(answer->secure);
  EXPECT_GT(answer->ttl.count(), 0);
  const auto records = dns::mx_records(*answer);
  ASSERT_TRUE(records) << records.error().text();
  EXPECT_EQ(records->size(), 2U);

  const int asked = server_.queries();
  ASSERT_TRUE(ask("mail.example.test"));
  EXPECT_EQ(server_.queries(), asked) << "the second answer comes from the cache";
}

TEST_F(ResolverTest, FollowsAliases) {
  const auto answer = ask("alias.example.test");
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->status, dns::Answer::Status::found);
  EXPECT_EQ(answer->canonical_name, "mail.example.test");
}

TEST_F(ResolverTest, TellsNoDataFromNoDomain) {
  const auto no_data = ask("exists.example.test");
  ASSERT_TRUE(no_data) << no_data.error().text();
  EXPECT_EQ(no_data->status, dns::Answer::Status::no_data);
  const auto no_domain = ask("none.example.test");
  ASSERT_TRUE(no_domain) << no_domain.error().text();
  EXPECT_EQ(no_domain->status, dns::Answer::Status::no_domain);
  EXPECT_TRUE(no_domain->rdata.empty());
}

TEST_F(ResolverTest, FailureOfTheServerIsUnavailableAndNamesTheQuestion) {
  const auto failed = ask("servfail.example.test");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().fault(), Fault::unavailable);
  EXPECT_TRUE(failed.error().text().contains("MX of servfail.example.test"))
      << failed.error().text();
  EXPECT_TRUE(failed.error().text().contains("SERVFAIL")) << failed.error().text();
}

TEST_F(ResolverTest, SilenceEndsAtTheDeadline) {
  const auto before = std::chrono::steady_clock::now();
  const auto silent = ask("silent.example.test");
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().fault(), Fault::unavailable);
  EXPECT_TRUE(silent.error().text().contains("in time")) << silent.error().text();
  EXPECT_GE(std::chrono::steady_clock::now() - before, milliseconds(1500));
  EXPECT_LT(std::chrono::steady_clock::now() - before, milliseconds(10'000));
}

TEST_F(ResolverTest, RefusesWhatIsNoName) {
  for (const std::string& name : {"a..b", ".a", "x.example.test.."}) {
    const auto answer = ask(name);
    ASSERT_FALSE(answer) << name;
    EXPECT_EQ(answer.error().fault(), Fault::malformed);
  }
  EXPECT_EQ(ask(std::string(64, 'x') + ".test").error().fault(), Fault::malformed);
}

TEST_F(ResolverTest, AnswersManyAtOnceOnTheirOwnReactors) {
  std::vector<std::promise<Result<dns::Answer>>> promises(200);
  for (std::size_t i = 0; i < promises.size(); ++i) {
    Reactor& reactor = i % 2 == 0 ? first() : second();
    const std::string name = "n" + std::to_string(i) + ".example.test";
    reactor.spawn("ask", fulfil(promises[i], resolver_->lookup(name, dns::Type::a)));
  }
  for (auto& promise : promises) EXPECT_TRUE(promise.get_future().get());
}

Task<> ask_in_vain(Resolver& resolver) {
  auto answer = co_await resolver.lookup("silent.example.test", dns::Type::a);
  EXPECT_FALSE(answer) << "nobody answers";
}

TEST_F(ResolverTest, StopsWithLookupsInFlight) {
  for (int i = 0; i < 20; ++i) first().spawn("ask", ask_in_vain(*resolver_));
  std::this_thread::sleep_for(milliseconds(20));
}

TEST(ResolverOptionsTest, AWrongOptionIsNamed) {
  ResolverOptions options;
  options.settings = {{"no-such-option", "1"}};
  const auto unknown = UnboundResolver::make(options);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().fault(), Fault::malformed);
  EXPECT_TRUE(unknown.error().text().contains("no-such-option")) << unknown.error().text();

  options = {};
  options.trust_anchor_file = "/nonexistent/root.key";
  const auto missing = UnboundResolver::make(options);
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().text().contains("/nonexistent/root.key")) << missing.error().text();
}

}  // namespace
}  // namespace veredus::io
