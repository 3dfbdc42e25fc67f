#include "io/tls/client.h"

#include <filesystem>
#include <list>
#include <mutex>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/complaints.h"
#include "base/ip.h"
#include "io/tls/engine.h"
#include "io/tls/openssl.h"

namespace veredus::io {
namespace {

constexpr std::size_t kSessionsMax = 2000;

/// Sessions that may be resumed, the last used first. One for all threads: asked once a connection.
class Sessions {
 public:
  void keep(const std::string& key, tls::Session session) {
    const std::scoped_lock lock(mutex_);
    if (const auto known = places_.find(key); known != places_.end()) drop(known->second);
    sessions_.emplace_front(key, std::move(session));
    places_[key] = sessions_.begin();
    if (sessions_.size() > kSessionsMax) drop(std::prev(sessions_.end()));
  }
  /// Each is used once (RFC 8446 §C.4).
  tls::Session take(const std::string& key) {
    const std::scoped_lock lock(mutex_);
    const auto known = places_.find(key);
    if (known == places_.end()) return nullptr;
    tls::Session session = std::move(known->second->second);
    drop(known->second);
    return session;
  }

 private:
  using List = std::list<std::pair<std::string, tls::Session>>;
  void drop(List::iterator place) {
    places_.erase(place->first);
    sessions_.erase(place);
  }

  std::mutex mutex_;
  List sessions_;
  std::unordered_map<std::string, List::iterator> places_;
};

/// What an SSL carries for new_session(): OpenSSL frees it with the SSL.
struct Purpose {
  std::shared_ptr<Sessions> sessions;
  std::string key;
};

int purpose_index() {
  const auto release = [](void* /*parent*/, void* purpose, CRYPTO_EX_DATA* /*data*/, int /*index*/,
                          long /*argument*/,
                          void* /*pointer*/) { delete static_cast<Purpose*>(purpose); };
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, release);
  return index;
}

/// Takes the session: 1 says that it is ours now.
int new_session(SSL* ssl, SSL_SESSION* session) {
  const auto* purpose = static_cast<const Purpose*>(SSL_get_ex_data(ssl, purpose_index()));
  if (purpose == nullptr) return 0;
  purpose->sessions->keep(purpose->key, tls::Session(session));
  return 1;
}

bool is_good_for(const X509* certificate, const std::string& name) {
  auto* theirs = const_cast<X509*>(certificate);  // OpenSSL 3.0's signature; it is not changed.
  if (IpAddress::parse(name)) return X509_check_ip_asc(theirs, name.c_str(), 0) == 1;
  // RFC 6125 §6.4.3 and §6.4.4: whole labels alone, and never the common name.
  constexpr unsigned kRules =
      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
  return X509_check_host(theirs, name.data(), name.size(), kRules, nullptr) == 1;
}

std::string wrong_name(const X509* certificate, const std::string& name) {
  constexpr std::size_t kShown = 5;
  std::string names;
  std::size_t count = 0;
  for (const std::string& other : tls::names_in(certificate))
    if (++count <= kShown) names += (names.empty() ? "" : ", ") + other;
  if (count > kShown) names += ", ...";
  return names.empty() ? "it names no host" : "it is for " + names + ", not for " + name;
}

class Client final : public TlsClient {
 public:
  Result<> set_up(const TlsClientConfig& config) {
    context_ = tls::make_context(TLS_client_method(), config.version_min);
    SSL_CTX* context = context_.get();
    Complaints complaints;
    // A system without authorities still encrypts; it trusts nobody.
    std::error_code unknown;
    if (!config.ca_file.empty() || std::filesystem::exists(config.authorities(), unknown))
      complaints.take(tls::trust(context, config.authorities(), "file of authorities"));
    if (!config.crl_file.empty()) complaints.take(tls::revoke(context, config.crl_file));
    if (config.has_certificate())
      complaints.take(
          tls::use_certificate(context, config.certificate,
                               config.reader ? *config.reader : FileReader(tls::read_file)));
    if (!complaints.empty()) return fail(complaints.error());
    tls::judge_later(context, SSL_VERIFY_PEER);
    SSL_CTX_set_session_cache_mode(context,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(context, new_session);
    return {};
  }

  Task<Result<const TlsStream*>> connect(std::unique_ptr<Stream>& stream, Wish wish,
                                         Duration deadline) const override {
    auto engine = std::make_unique<tls::Engine>(begin(wish), *stream);
    const Result<> shaken = co_await engine->handshake(deadline);
    if (!shaken) co_return fail(shaken.error());
    describe_server(*engine, wish.name);
    const TlsInfo& info = engine->info();
    if (wish.must_verify && !info.verified)
      co_return fail(Fault::refused,
                     "the certificate of " + wish.name + " is not good: " + info.problem);
    const TlsStream* made = engine.get();
    engine->own(std::move(stream));
    stream = std::move(engine);
    co_return made;
  }

 private:
  tls::Handle begin(const Wish& wish) const {
    tls::Handle ssl(SSL_new(context_.get()));
    SSL_set_connect_state(ssl.get());
    if (!IpAddress::parse(wish.name)) SSL_set_tlsext_host_name(ssl.get(), wish.name.c_str());
    if (wish.session_key.empty()) return ssl;
    SSL_set_ex_data(ssl.get(), purpose_index(), new Purpose{sessions_, wish.session_key});
    if (const tls::Session session = sessions_->take(wish.session_key))
      SSL_set_session(ssl.get(), session.get());
    return ssl;
  }

  static void describe_server(tls::Engine& engine, const std::string& name) {
    const SSL* ssl = engine.ssl();
    TlsInfo& info = engine.set_info();
    info.version = SSL_get_version(ssl);
    info.cipher = SSL_get_cipher_name(ssl);
    info.resumed = SSL_session_reused(ssl) == 1;
    info.server_name = name;
    const X509* certificate = SSL_get0_peer_certificate(ssl);
    if (certificate == nullptr) {
      info.problem = "it showed none";
      return;
    }
    info.problem = tls::chain_problem(ssl, certificate);
    if (info.problem.empty() && !is_good_for(certificate, name))
      info.problem = wrong_name(certificate, name);
    info.verified = info.problem.empty();
  }

  tls::Context context_;
  std::shared_ptr<Sessions> sessions_ = std::make_shared<Sessions>();
};

}  // namespace

Result<std::shared_ptr<const TlsClient>> TlsClient::load(const TlsClientConfig& config) {
  auto client = std::make_shared<Client>();
  if (auto ready = client->set_up(config); !ready) return fail(ready.error());
  return client;
}

}  // namespace veredus::io
