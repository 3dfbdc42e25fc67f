// How private connections are, and who we say we are.

#include "io/temporary_folder.h"
#include "mail/deliver/deliver_test_support.h"

namespace veredus::deliver {
namespace {

using route::TlsUse;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kOffer = "S: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250 STARTTLS\n";
constexpr std::string_view kBegin = "C: STARTTLS\nS: 220 go\ntls\nC: EHLO *\nS: 250 mx\n";

class PrivacyTest : public HostsTest {
 protected:
  PrivacyTest() {
    // What vouches for itself is trusted where it is an authority.
    good_ = certify("good", "a.x.example");
    tls_ = std::make_shared<const io::TlsClientSource>(
        io::TlsClientConfig{.ca_file = good_.certificate_file});
  }
  io::TlsCertificate certify(const std::string& file, const std::string& name) {
    const io::TlsCertificate made{folder_.path() + "/" + file + ".pem",
                                  folder_.path() + "/" + file + ".key"};
    EXPECT_TRUE(io::make_self_signed({name}, made));
    return made;
  }
  static std::shared_ptr<const io::TlsServer> server(const io::TlsCertificate& files) {
    return io::TlsServer::load({.certificates = {files}}).value();
  }
  ScriptedHop& first_with_tls(const io::TlsCertificate& files, std::vector<std::string> scripts) {
    ScriptedHop& made = first(std::move(scripts));
    made.tls = server(files);
    return made;
  }
  /// The outcome of a letter, and what its TLS was.
  std::string send(TlsUse use) {
    route_.tls = use;
    const auto outcomes = outcomes_of(kDomain, letter());
    return text_of(outcomes) + " [" + outcomes.front().tls + "]";
  }
  static std::string take() { return taken("250 taken") + std::string(kQuit); }

  io::TemporaryFolder folder_;
  io::TlsCertificate good_;
};

TEST_F(PrivacyTest, TlsIsUsedWhereItIsOffered) {
  first_with_tls(good_, {std::string(kOffer) + std::string(kBegin) + take()});
  EXPECT_EQ(send(TlsUse::opportunistic),
            "0 relayed 250 taken [TLSv1.3 TLS_AES_256_GCM_SHA384, verified]");
}

TEST_F(PrivacyTest, ACertificateOfSomebodyElseWillDoWhereNobodyAsked) {
  first_with_tls(certify("bad", "elsewhere.example"),
                 {std::string(kOffer) + std::string(kBegin) + take()});
  EXPECT_EQ(
      send(TlsUse::require),
      "0 relayed 250 taken [TLSv1.3 TLS_AES_256_GCM_SHA384, not verified: it is self-signed]");
}

TEST_F(PrivacyTest, ButNotWhereTheHostMustBeTheOneWeWant) {
  first_with_tls(certify("bad", "elsewhere.example"),
                 {std::string(kOffer) + "C: STARTTLS\nS: 220 go\ntls\nclosed\n"});
  second({"plain hello\nC: QUIT\nS: 221 bye"});
  EXPECT_THAT(send(TlsUse::verify), StartsWith("0 deferred! 4.7.5 The host does not offer TLS"));
}

TEST_F(PrivacyTest, AHostWithoutTlsGetsItInTheClearOrNotAtAll) {
  first({take_and_quit()});
  EXPECT_EQ(send(TlsUse::opportunistic), "0 relayed 250 taken []");
}

TEST_F(PrivacyTest, NothingGoesInTheClearWhereItMustNot) {
  first({"plain hello\nC: QUIT\nS: 221 bye"});
  second({"plain hello\nC: QUIT\nS: 221 bye"});
  EXPECT_THAT(send(TlsUse::require), StartsWith("0 deferred! 4.7.5 The host does not offer TLS"));
}

TEST_F(PrivacyTest, TlsIsNotAskedForWhereItIsOff) {
  first({std::string(kOffer) + take()});
  EXPECT_EQ(send(TlsUse::none), "0 relayed 250 taken []");
}

TEST_F(PrivacyTest, WhereTlsComesToNothingAnotherConnectionGoesWithout) {
  first({std::string(kOffer) + "C: STARTTLS\nS: 454 not now\nC: QUIT\nS: 221 bye",
         std::string(kOffer) + take()});
  EXPECT_EQ(send(TlsUse::opportunistic), "0 relayed 250 taken []");
}

TEST_F(PrivacyTest, WhatCameBeforeTlsIsAnAttack) {
  first({std::string(kOffer) + "C: STARTTLS\nS: 220 go\nS: 250 injected\nclosed",
         std::string(kOffer) + take()});
  EXPECT_EQ(send(TlsUse::opportunistic), "0 relayed 250 taken []");
}

TEST_F(PrivacyTest, CapabilitiesOfBeforeDoNotCount) {  // RFC 3207 §4.2
  first_with_tls(good_, {"S: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250-SIZE 1\nS: 250 STARTTLS\n" +
                         std::string(kBegin) + take()});
  EXPECT_THAT(send(TlsUse::verify), StartsWith("0 relayed 250 taken"));
}

class SmartHostTest : public PrivacyTest {
 protected:
  SmartHostTest() {
    world_.dns().address("relay.example", "203.0.113.9");
    files_ = certify("relay", "relay.example");
    tls_ = std::make_shared<const io::TlsClientSource>(
        io::TlsClientConfig{.ca_file = files_.certificate_file});
  }
  std::string send_by(const std::string& smart_host, std::uint16_t port, std::string script) {
    route_.smart_host = smart_host;
    route_.smart_host_hop = {.user = "me", .password = password_};
    ScriptedHop& made = hop("203.0.113.9:" + std::to_string(port), {std::move(script)});
    made.tls = server(files_);
    return attempt(route::SmtpHost{"relay.example", port}, letter());
  }
  io::TlsCertificate files_;
  std::string password_ = "secret";
};

TEST_F(SmartHostTest, GetsUserAndPasswordUnderTls) {
  EXPECT_EQ(send_by("relay.example:587", 587,
                    std::string(kOffer) +
                        "C: STARTTLS\nS: 220 go\ntls\nC: EHLO *\nS: 250-mx\nS: 250 AUTH PLAIN\n"
                        "C: AUTH PLAIN AG1lAHNlY3JldA==\nS: 235 ok\n" +
                        take()),
            "0 relayed 250 taken");
}

TEST_F(SmartHostTest, OnPort465TlsBeginsAtOnce) {
  EXPECT_EQ(send_by("relay.example:465", 465,
                    "tls\nS: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250 AUTH LOGIN\n"
                    "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: bWU=\nS: 334 UGFzc3dvcmQ6\n"
                    "C: c2VjcmV0\nS: 235 ok\n" +
                        take()),
            "0 relayed 250 taken");
}

class CertificateTest : public SmartHostTest {
 protected:
  CertificateTest() {
    tls_ = std::make_shared<const io::TlsClientSource>(io::TlsClientConfig{
        .ca_file = files_.certificate_file, .certificate = certify("ours", "mx.example")});
  }
  /// What a smart host that offers these mechanisms gets from a user without a password.
  std::string send_without_password(const std::string& mechanisms, const std::string& rest) {
    password_.clear();
    return send_by("relay.example:587", 587,
                   std::string(kOffer) + "C: STARTTLS\nS: 220 go\ntls\nC: EHLO *\nS: 250-mx\n" +
                       "S: 250 AUTH " + mechanisms + "\n" + rest);
  }
};

TEST_F(CertificateTest, SaysWhoWeAreWhereThereIsNoPassword) {  // RFC 4422 §A
  EXPECT_EQ(send_without_password("PLAIN EXTERNAL", "C: AUTH EXTERNAL bWU=\nS: 235 ok\n" + take()),
            "0 relayed 250 taken");
}

TEST_F(CertificateTest, IsTheOnlyWayWhereThereIsNoPassword) {
  EXPECT_THAT(send_without_password("PLAIN LOGIN", "C: QUIT\nS: 221 bye"),
              HasSubstr("4.7.8 The host does not offer to know us by our certificate"));
}

TEST_F(CertificateTest, IsNoWayWhereThereIsAPassword) {
  EXPECT_THAT(send_by("relay.example:587", 587,
                      std::string(kOffer) + "C: STARTTLS\nS: 220 go\ntls\nC: EHLO *\nS: 250-mx\n"
                                            "S: 250 AUTH EXTERNAL\nC: QUIT\nS: 221 bye"),
              HasSubstr("4.7.8 The host offers no way to authenticate"));
}

TEST_F(SmartHostTest, ThatRefusesThePasswordDefersTheMail) {
  EXPECT_EQ(send_by("relay.example:587", 587,
                    std::string(kOffer) +
                        "C: STARTTLS\nS: 220 go\ntls\nC: EHLO *\nS: 250-mx\nS: 250 AUTH PLAIN\n"
                        "C: AUTH PLAIN AG1lAHNlY3JldA==\nS: 535 5.7.8 no\nC: QUIT\nS: 221 bye"),
            "0 deferred! 4.7.8 The host does not take our user and password: 535 5.7.8 no");
}

TEST_F(SmartHostTest, ThatOffersNoWayToAuthenticateGetsNothing) {
  EXPECT_THAT(send_by("relay.example:587", 587,
                      std::string(kOffer) + std::string(kBegin) + "C: QUIT\nS: 221 bye"),
              HasSubstr("4.7.8 The host offers no way to authenticate"));
}

}  // namespace
}  // namespace veredus::deliver
