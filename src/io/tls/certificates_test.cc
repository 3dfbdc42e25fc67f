// Each kind of bad certificate against each wish, and files that are no certificates.

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/tls/tls_test_support.h"

namespace veredus::io {
namespace {

using std::chrono::days;
using testing::HasSubstr;

struct BadCase {
  const char* name;
  Authority::Paper paper;
  bool other_authority;
  bool revoked;
  const char* problem;
};
class BadCertificates : public TlsTest, public testing::WithParamInterface<BadCase> {};

TEST_P(BadCertificates, ServeWhoDoesNotCareAndFailWhoDoes) {
  const BadCase& c = GetParam();
  TemporaryFolder elsewhere;
  Authority stranger(elsewhere.path(), "stranger");
  serve({.certificates = {(c.other_authority ? stranger : authority_).certify(c.paper)}});
  TlsClientConfig config{.ca_file = authority_.ca_file()};
  if (c.revoked) config.crl_file = authority_.revoke(c.paper.name);

  const Talk careless = talk(config, {.name = "mx.example.test"});
  EXPECT_EQ(careless.echoed, "hello");
  EXPECT_FALSE(careless.info.verified);
  EXPECT_THAT(careless.info.problem, HasSubstr(c.problem));
  const Talk careful = talk(config, {.name = "mx.example.test", .must_verify = true});
  EXPECT_THAT(careful.echoed, HasSubstr("the certificate of mx.example.test is not good: "));
  EXPECT_THAT(careful.echoed, HasSubstr(c.problem));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadCertificates,
    testing::Values(
        BadCase{"expired",
                {.name = "old", .from = days(-20), .until = days(-10)},
                false,
                false,
                "has expired"},
        BadCase{"not_yet", {.name = "new", .from = days(10)}, false, false, "not valid before"},
        BadCase{"wrong_name",
                {.name = "other", .alternative = "DNS:other.test"},
                false,
                false,
                "it is for other.test"},
        BadCase{"no_name",
                {.name = "mx.example.test", .alternative = ""},
                false,
                false,
                "it names no host"},
        BadCase{"self_signed", {.name = "self", .self_signed = true}, false, false, "self-signed"},
        BadCase{"stranger", {.name = "strange"}, true, false, "nobody trusted here has issued it"},
        BadCase{"revoked", {.name = "gone"}, false, true, "it was revoked"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(TlsTest, ClientsMayHaveCertificates) {
  serve({.certificates = {authority_.certify({.name = "mx"})},
         .client_ca_file = authority_.ca_file()});
  const TlsCertificate ann =
      authority_.certify({.name = "ann", .alternative = "email:ann@example.test"});
  const TlsClientConfig with{.ca_file = authority_.ca_file(), .certificate = ann};
  EXPECT_EQ(talk(with, {.name = "mx.example.test"}).echoed, "hello");
  EXPECT_TRUE(seen_.verified);
  EXPECT_EQ(seen_.client_names, std::vector<std::string>{"ann@example.test"});

  TemporaryFolder elsewhere;
  const TlsCertificate fake =
      Authority(elsewhere.path()).certify({.name = "ann", .alternative = "email:ann@example.test"});
  EXPECT_EQ(
      talk({.ca_file = authority_.ca_file(), .certificate = fake}, {.name = "mx.example.test"})
          .echoed,
      "hello");
  EXPECT_FALSE(seen_.verified);
  EXPECT_TRUE(seen_.client_names.empty());

  EXPECT_EQ(talk({.ca_file = authority_.ca_file()}, {.name = "mx.example.test"}).echoed, "hello");
  EXPECT_FALSE(seen_.verified);
}

TEST_F(TlsTest, ARevocationListIsForItsOwnAuthority) {
  TemporaryFolder elsewhere;
  Authority other(elsewhere.path(), "other");
  const std::string both = folder_.path() + "/both.pem";
  std::ofstream(both) << std::ifstream(authority_.ca_file()).rdbuf()
                      << std::ifstream(other.ca_file()).rdbuf();
  authority_.certify({.name = "gone"});
  const TlsClientConfig config{.ca_file = both, .crl_file = authority_.revoke("gone")};
  const TlsClient::Wish wish{.name = "mx.example.test", .must_verify = true};
  serve({.certificates = {other.certify({.name = "mx"})}});
  EXPECT_EQ(talk(config, wish).echoed, "hello") << "that authority has no list";
  serve({.certificates = {other.certify({.name = "old", .from = days(-20), .until = days(-10)})}});
  EXPECT_THAT(talk(config, wish).echoed, HasSubstr("has expired")) << "not hidden by that";
  serve({.certificates = {authority_.certify({.name = "mx"})}});
  EXPECT_EQ(talk(config, wish).echoed, "hello");
}

TEST_F(TlsTest, ClientsCertificatesMayBeRevoked) {
  const TlsCertificate ann =
      authority_.certify({.name = "ann", .alternative = "email:ann@example.test"});
  serve({.certificates = {authority_.certify({.name = "mx"})},
         .client_ca_file = authority_.ca_file(),
         .crl_file = authority_.revoke("ann")});
  const TlsClientConfig with{.ca_file = authority_.ca_file(), .certificate = ann};
  EXPECT_EQ(talk(with, {.name = "mx.example.test"}).echoed, "hello");
  EXPECT_FALSE(seen_.verified);
  EXPECT_EQ(seen_.problem, "it was revoked");
}

TEST_F(TlsTest, ASessionEndsWithTheAuthoritiesThatVouchedForIt) {
  const TlsCertificate mx = authority_.certify({.name = "mx"});
  const TlsCertificate ann =
      authority_.certify({.name = "ann", .alternative = "email:ann@example.test"});
  const TlsServerConfig config{.certificates = {mx}, .client_ca_file = authority_.ca_file()};
  const auto client = TlsClient::load({.ca_file = authority_.ca_file(), .certificate = ann});
  const TlsClient::Wish wish{.name = "mx.example.test", .session_key = "mx"};
  serve(config);
  talk_with(**client, wish);
  EXPECT_TRUE(talk_with(**client, wish).info.resumed);
  EXPECT_TRUE(seen_.verified) << "of a session that is resumed too";
  TemporaryFolder elsewhere;
  serve({.certificates = {mx}, .client_ca_file = Authority(elsewhere.path()).ca_file()});
  EXPECT_FALSE(talk_with(**client, wish).info.resumed);
  EXPECT_FALSE(seen_.verified);
  serve({.certificates = {mx},
         .client_ca_file = authority_.ca_file(),
         .crl_file = authority_.revoke("ann")});
  EXPECT_FALSE(talk_with(**client, wish).info.resumed);
  EXPECT_FALSE(seen_.verified);
}

TEST_F(TlsTest, FilesThatAreNoCertificatesAreNamed) {
  const TlsCertificate good = authority_.certify({.name = "mx"});
  const TlsCertificate other = authority_.certify({.name = "other"});
  const std::string junk = folder_.path() + "/junk";
  std::ofstream(junk) << "junk\n";
  const auto complaint = [](const TlsCertificate& files) {
    const auto loaded = TlsServer::load({.certificates = {files}});
    return loaded ? std::string() : loaded.error().text();
  };
  EXPECT_EQ(complaint(good), "");
  EXPECT_THAT(complaint({good.certificate_file, other.key_file}), HasSubstr("is not the key of"));
  EXPECT_THAT(complaint({junk, good.key_file}), HasSubstr(junk + ": holds no certificate"));
  EXPECT_THAT(complaint({good.certificate_file, junk}), HasSubstr(junk + ": holds no private key"));
  EXPECT_THAT(complaint({"/nowhere/a.pem", good.key_file}),
              HasSubstr("/nowhere/a.pem: the certificate cannot be read: No such file"));
  EXPECT_THAT(complaint({folder_.path(), good.key_file}), HasSubstr("Is a directory"));
  EXPECT_FALSE(TlsServer::load({}));
  EXPECT_FALSE(TlsClient::load({.ca_file = junk}));
  EXPECT_FALSE(TlsClient::load({.ca_file = authority_.ca_file(), .crl_file = junk}));
}

TEST_F(TlsTest, ASelfSignedOneServes) {
  const TlsCertificate files{folder_.path() + "/new/self.pem", folder_.path() + "/new/self.key"};
  const Result<> made = make_self_signed({"mx.example.test", "192.0.2.1"}, files);
  ASSERT_TRUE(made) << made.error().text();
  serve({.certificates = {files}});
  EXPECT_EQ(talk({.ca_file = authority_.ca_file()}, {.name = "mx.example.test"}).info.problem,
            "it is self-signed");
  const TlsClientConfig trusting{.ca_file = files.certificate_file};
  EXPECT_TRUE(talk(trusting, {.name = "mx.example.test", .must_verify = true}).info.verified);
  EXPECT_TRUE(talk(trusting, {.name = "192.0.2.1", .must_verify = true}).info.verified);
  EXPECT_GT(server_->expiries().at(0).not_after, std::chrono::system_clock::now() + days(3000));
}

}  // namespace
}  // namespace veredus::io
