// An authority for tests, what it certifies and revokes, and two ends of a simulated connection.

#pragma once

#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "io/connection.h"
#include "io/sim/test_support.h"
#include "io/sim/world.h"
#include "io/temporary_folder.h"
#include "io/tls/client.h"
#include "io/tls/openssl.h"
#include "io/tls/server.h"

namespace veredus::io {

/// Issues certificates with keys into a folder.
class Authority {
 public:
  explicit Authority(std::string folder, const std::string& name = "ca")
      : folder_(std::move(folder)), key_(EVP_EC_gen("P-256")) {
    certificate_ = issue({.name = name, .alternative = ""}, key_.get());
    write(folder_ + "/ca.pem", certificate_.get());
  }

  struct Paper {
    std::string name = {};  ///< Of the files.
    std::string alternative = "DNS:mx.example.test";
    std::chrono::days from{-1};  ///< From now.
    std::chrono::days until{30};
    bool self_signed = false;
    bool rsa = false;
  };
  TlsCertificate certify(const Paper& paper) {
    const tls::Key key(paper.rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"));
    const tls::Certificate made = issue(paper, key.get());
    const TlsCertificate files{folder_ + "/" + paper.name + ".pem",
                               folder_ + "/" + paper.name + ".key"};
    write(files.certificate_file, made.get());
    const tls::Bio out(BIO_new_file(files.key_file.c_str(), "w"));
    PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    serials_[paper.name] = ASN1_INTEGER_get(X509_get0_serialNumber(made.get()));
    return files;
  }
  /// The revocation list with that certificate on it.
  std::string revoke(const std::string& name) {
    std::unique_ptr<X509_CRL, tls::Free<X509_CRL_free>> crl(X509_CRL_new());
    X509_CRL_set_version(crl.get(), 1);
    X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(certificate_.get()));
    ASN1_TIME* now = X509_gmtime_adj(nullptr, -3600);
    X509_CRL_set1_lastUpdate(crl.get(), now);
    X509_gmtime_adj(now, 86400);
    X509_CRL_set1_nextUpdate(crl.get(), now);
    X509_gmtime_adj(now, -60);
    X509_REVOKED* entry = X509_REVOKED_new();
    ASN1_INTEGER* serial = ASN1_INTEGER_new();
    ASN1_INTEGER_set(serial, serials_.at(name));
    X509_REVOKED_set_serialNumber(entry, serial);
    X509_REVOKED_set_revocationDate(entry, now);
    X509_CRL_add0_revoked(crl.get(), entry);
    ASN1_INTEGER_free(serial);
    ASN1_TIME_free(now);
    X509_CRL_sign(crl.get(), key_.get(), EVP_sha256());
    const std::string path = folder_ + "/crl.pem";
    const tls::Bio out(BIO_new_file(path.c_str(), "w"));
    PEM_write_bio_X509_CRL(out.get(), crl.get());
    return path;
  }
  std::string ca_file() const { return folder_ + "/ca.pem"; }

 private:
  static void write(const std::string& path, X509* certificate) {
    const tls::Bio out(BIO_new_file(path.c_str(), "w"));
    PEM_write_bio_X509(out.get(), certificate);
  }
  tls::Certificate issue(const Paper& paper, EVP_PKEY* key) {
    constexpr long kDay = 86400;
    tls::Certificate made(X509_new());
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), paper.from.count() * kDay);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), paper.until.count() * kDay);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(paper.name.c_str()), -1, -1,
                               0);
    const bool by_itself = paper.self_signed || !certificate_;
    X509_set_issuer_name(made.get(),
                         X509_get_subject_name(by_itself ? made.get() : certificate_.get()));
    X509_set_pubkey(made.get(), key);
    if (!certificate_) extend(made.get(), NID_basic_constraints, "critical,CA:TRUE");
    if (!paper.alternative.empty()) extend(made.get(), NID_subject_alt_name, paper.alternative);
    X509_sign(made.get(), by_itself ? key : key_.get(), EVP_sha256());
    return made;
  }
  static void extend(X509* certificate, int kind, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  std::string folder_;
  tls::Key key_;
  tls::Certificate certificate_;
  long serial_ = 0;
  std::map<std::string, long> serials_;
};

/// A server that echoes lines under TLS, and clients of it.
class TlsTest : public testing::Test {
 protected:
  static constexpr Duration kDeadline = std::chrono::minutes(1);

  void serve(const TlsServerConfig& config) {
    auto loaded = TlsServer::load(config);
    ASSERT_TRUE(loaded) << loaded.error().text();
    server_ = *loaded;
    if (!std::exchange(listening_, true)) world_.spawn("echo", take_clients(*this));
  }
  static Task<> take_clients(TlsTest& test) {
    auto listener = test.world_.system().network.listen(kServer);
    for (;;) {
      auto stream = co_await (*listener)->accept();
      if (!stream) co_return;
      test.world_.spawn("echo", echo_lines(test, std::move(*stream)));
    }
  }
  static Task<> echo_lines(TlsTest& test, std::unique_ptr<Stream> stream) {
    const auto server = test.server_;
    const auto tls = co_await server->accept(stream, kDeadline);
    if (!tls) {
      test.server_error_ = tls.error().text();
      co_await stream->shutdown();
      co_return;
    }
    test.seen_ = (*tls)->info();
    test.server_bindings_ = {(*tls)->exporter_binding(), (*tls)->unique_binding()};
    Connection connection(std::move(stream));
    for (;;) {
      auto line = co_await connection.read_line(kLine, kDeadline);
      if (!line) {
        test.server_error_ = line.error().text();
        break;
      }
      connection.put(*line + "\r\n");
    }
    co_await connection.shutdown();
  }

  /// What came of a connection.
  struct Talk {
    TlsInfo info;
    std::string echoed;  ///< Or the error in brackets.
    std::pair<std::string, std::string> bindings;
  };
  Talk talk(const TlsClientConfig& config, TlsClient::Wish wish, std::string line = "hello") {
    auto client = TlsClient::load(config);
    if (!client) return {{}, "[" + client.error().text() + "]", {}};
    return talk_with(**client, std::move(wish), std::move(line));
  }
  Talk talk_with(const TlsClient& client, TlsClient::Wish wish, std::string line = "hello") {
    std::optional<Talk> done;
    world_.outside().spawn(
        "client", sim::keep<Talk>(converse(*this, client, std::move(wish), std::move(line)), done));
    EXPECT_TRUE(world_.run_until([&] { return done.has_value(); }));
    world_.run_for(std::chrono::seconds(10));
    return *done;
  }
  static Task<Talk> converse(TlsTest& test, const TlsClient& client, TlsClient::Wish wish,
                             std::string line) {
    Talk talk;
    auto stream = co_await test.world_.outside().system().network.connect(kServer, {});
    if (!stream) co_return Talk{{}, "[" + stream.error().text() + "]", {}};
    const auto tls = co_await client.connect(*stream, std::move(wish), kDeadline);
    if (!tls) {
      (*stream)->close();
      co_return Talk{{}, "[" + tls.error().text() + "]", {}};
    }
    talk.info = (*tls)->info();
    talk.bindings = {(*tls)->exporter_binding(), (*tls)->unique_binding()};
    Connection connection(std::move(*stream));
    connection.put(line + "\r\n");
    auto answer = co_await connection.read_line(kLine, kDeadline);
    talk.echoed = answer ? *answer : "[" + answer.error().text() + "]";
    co_await connection.shutdown();
    co_return talk;
  }

  static constexpr std::size_t kLine = 1024UL * 1024;
  inline static const Endpoint kServer = sim::endpoint("192.0.2.1", 465);

  TemporaryFolder folder_;
  Authority authority_{folder_.path()};
  sim::World world_{1};
  std::shared_ptr<const TlsServer> server_;
  bool listening_ = false;
  TlsInfo seen_;
  std::string server_error_;
  std::pair<std::string, std::string> server_bindings_;
};

}  // namespace veredus::io
