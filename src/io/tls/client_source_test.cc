#include "io/tls/client_source.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "io/tls/tls_test_support.h"

namespace veredus::io {
namespace {

/// A server that asks for certificates of our authority, and a client that shows `live.pem`.
class ClientSourceTest : public TlsTest {
 protected:
  ClientSourceTest() {
    serve({.certificates = {authority_.certify({.name = "mx"})},
           .client_ca_file = authority_.ca_file()});
    live("ann@example.test");
  }
  TlsClientConfig config() const {
    return {.ca_file = authority_.ca_file(),
            .certificate = {folder_.path() + "/live.pem", folder_.path() + "/live.key"}};
  }
  /// From now on the client's certificate is for that address.
  void live(const std::string& address) {
    const TlsCertificate made =
        authority_.certify({.name = "next", .alternative = "email:" + address});
    std::filesystem::rename(made.certificate_file, folder_.path() + "/live.pem");
    std::filesystem::rename(made.key_file, folder_.path() + "/live.key");
  }
  static Task<> ask(ClientSourceTest& test,
                    std::optional<Result<std::shared_ptr<const TlsClient>>>& answer) {
    const System system = test.world_.outside().system();
    answer = co_await test.source_->get(system.workers, system.clock.now());
  }
  Result<std::shared_ptr<const TlsClient>> get() {
    std::optional<Result<std::shared_ptr<const TlsClient>>> answer;
    world_.outside().spawn("get", ask(*this, answer));
    EXPECT_TRUE(world_.run_until([&] { return answer.has_value(); }));
    return *answer;
  }
  /// Whom the server takes us for.
  std::string shown() {
    const auto client = get();
    if (!client) return client.error().text();
    const Talk talk = talk_with(**client, {.name = "mx.example.test", .must_verify = true});
    EXPECT_EQ(talk.echoed, "hello");
    return seen_.client_names.empty() ? "nobody" : seen_.client_names.front();
  }

  std::optional<TlsClientSource> source_{std::in_place, config()};
};

TEST_F(ClientSourceTest, OurCertificateIsShownAndReadAgainWhenItChanges) {
  EXPECT_EQ(shown(), "ann@example.test");
  const auto first = get();
  world_.run_for(TlsClientSource::kLookEvery);
  EXPECT_EQ(*get(), *first) << "nothing changed";
  live("bob@example.test");
  world_.run_for(TlsClientSource::kLookEvery);
  EXPECT_EQ(shown(), "bob@example.test");
}

TEST_F(ClientSourceTest, FilesThatTurnBadChangeNothing) {
  const auto first = get();
  std::ofstream(folder_.path() + "/live.key") << "junk\n";
  world_.run_for(TlsClientSource::kLookEvery);
  EXPECT_EQ(*get(), *first);
  live("bob@example.test");
  world_.run_for(TlsClientSource::kLookEvery);
  EXPECT_EQ(shown(), "bob@example.test");
}

TEST_F(ClientSourceTest, FilesThatWereNeverGoodAreTriedAgain) {
  std::ofstream(folder_.path() + "/live.key") << "junk\n";
  ASSERT_FALSE(get());
  live("bob@example.test");
  EXPECT_EQ(shown(), "bob@example.test");
}

}  // namespace
}  // namespace veredus::io
