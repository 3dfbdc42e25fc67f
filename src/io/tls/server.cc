#include "io/tls/server.h"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "base/complaints.h"
#include "io/tls/engine.h"
#include "io/tls/openssl.h"

namespace veredus::io {
namespace {

using tls::Context;

/// A certificate with what was read for it.
struct Site {
  Context context;
  TlsServer::Expiry expiry;
};

/// Sessions that were begun before the files were read anew can be resumed: the keys of their
/// tickets are the process's.
const std::array<unsigned char, 80>& ticket_keys() {
  static const auto keys = [] {
    std::array<unsigned char, 80> made{};
    RAND_bytes(made.data(), made.size());
    return made;
  }();
  return keys;
}

/// What sessions that are resumed must have in common: a client's certificate is not looked at
/// again, so a session ends with the authorities that vouched for it and the list of the revoked.
std::array<unsigned char, SHA256_DIGEST_LENGTH> sessions_of(const TlsServerConfig& config) {
  std::string all = "veredus";
  for (const std::string& path : {config.client_ca_file, config.crl_file})
    if (!path.empty()) all += '\0' + tls::read_file(path).value_or("");
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(all.data()), all.size(), digest.data());
  return digest;
}

class Server final : public TlsServer {
 public:
  Result<> add(const TlsCertificate& files, const TlsServerConfig& config) {
    Context context = tls::make_context(TLS_server_method(), config.version_min);
    const FileReader read = config.reader ? *config.reader : tls::read_file;
    if (auto used = tls::use_certificate(context.get(), files, read); !used) return used;
    auto keys = ticket_keys();
    SSL_CTX_set_tlsext_ticket_keys(context.get(), keys.data(), keys.size());
    SSL_CTX_set_num_tickets(context.get(), 1);
    const auto sessions = sessions_of(config);
    SSL_CTX_set_session_id_context(context.get(), sessions.data(), sessions.size());
    SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_tlsext_servername_callback(context.get(), choose);
    SSL_CTX_set_tlsext_servername_arg(context.get(), this);
    if (auto asked = ask_clients(context.get(), config); !asked) return asked;
    const X509* certificate = SSL_CTX_get0_certificate(context.get());
    sites_.push_back({std::move(context), {files.certificate_file, tls::not_after(certificate)}});
    return {};
  }

  Task<Result<const TlsStream*>> accept(std::unique_ptr<Stream>& stream,
                                        Duration deadline) const override {
    tls::Handle ssl(SSL_new(sites_.front().context.get()));
    SSL_set_accept_state(ssl.get());
    auto engine = std::make_unique<tls::Engine>(std::move(ssl), *stream);
    const Result<> shaken = co_await engine->handshake(deadline);
    if (!shaken) co_return fail(shaken.error());
    describe_client(*engine);
    const TlsStream* made = engine.get();
    engine->own(std::move(stream));
    stream = std::move(engine);
    co_return made;
  }

  std::vector<Expiry> expiries() const override {
    std::vector<Expiry> all;
    for (const Site& site : sites_) all.push_back(site.expiry);
    return all;
  }

 private:
  static Result<> ask_clients(SSL_CTX* context, const TlsServerConfig& config) {
    const std::string& ca_file = config.client_ca_file;
    if (ca_file.empty()) return {};
    if (auto trusted = tls::trust(context, ca_file, "file of client authorities"); !trusted)
      return trusted;
    SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(ca_file.c_str()));
    if (!config.crl_file.empty())
      if (auto revoked = tls::revoke(context, config.crl_file); !revoked) return revoked;
    tls::judge_later(context, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE);
    return {};
  }

  /// RFC 6066 §3.
  static int choose(SSL* ssl, int* /*alert*/, void* argument) {
    const auto& server = *static_cast<const Server*>(argument);
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
    const auto is_for = [name](const Site& site) {
      return X509_check_host(SSL_CTX_get0_certificate(site.context.get()), name, 0,
                             X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1;
    };
    const auto found = std::ranges::find_if(server.sites_, is_for);
    if (found != server.sites_.end() && found != server.sites_.begin())
      SSL_set_SSL_CTX(ssl, found->context.get());
    return SSL_TLSEXT_ERR_OK;
  }

  static void describe_client(tls::Engine& engine) {
    SSL* ssl = engine.ssl();
    TlsInfo& info = engine.set_info();
    info.version = SSL_get_version(ssl);
    info.cipher = SSL_get_cipher_name(ssl);
    info.resumed = SSL_session_reused(ssl) == 1;
    if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name); name != nullptr)
      info.server_name = name;
    const X509* certificate = SSL_get0_peer_certificate(ssl);
    if (certificate == nullptr) return;
    info.problem = tls::chain_problem(ssl, certificate);
    // Of a session that is resumed the verdict is an old one.
    if (info.problem.empty() && X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
      info.problem = "it has expired";
    info.verified = info.problem.empty();
    if (info.verified) info.client_names = tls::names_in(certificate);
  }

  std::vector<Site> sites_;
};

}  // namespace

Result<std::shared_ptr<const TlsServer>> TlsServer::load(const TlsServerConfig& config) {
  auto server = std::make_shared<Server>();
  Complaints complaints;
  for (const TlsCertificate& files : config.certificates)
    complaints.take(server->add(files, config));
  if (!complaints.empty()) return fail(complaints.error());
  if (config.certificates.empty())
    return fail(Fault::malformed, "no certificate: TLS needs one at least");
  return server;
}

}  // namespace veredus::io
