// How a session becomes private: STARTTLS (RFC 3207) and TLS from the start (RFC 8314).

#include <utility>

#include "base/log.h"
#include "mail/accept/session.h"

namespace veredus::accept {

using smtp::Reply;

/// RFC 3207 §4.2: nothing that was said before counts afterwards. What came in one packet with
/// STARTTLS was perhaps put there by somebody on the way, to be read as if it were encrypted: such
/// a session ends.
io::Task<std::optional<Reply>> Session::on_starttls() {
  if (!connection_.input().empty()) {
    log::warning("spoke_before_tls", {{"session", text(id_)}, {"client", client_text_}});
    farewell(Reply(554, {5, 5, 1}, "Nothing may follow STARTTLS before TLS has begun"));
    co_return *farewell_;
  }
  connection_.put(Reply(220, {2, 0, 0}, "Begin TLS").render());
  const Result<> flushed = co_await connection_.flush(config().command_deadline);
  bool begun = false;
  if (flushed) begun = co_await begin_tls();
  hang_up_ = !begun;
  co_return std::nullopt;
}

/// False when it came to nothing: then nothing more can be said to this client.
io::Task<bool> Session::begin_tls() {
  const auto refused = [this](const Error& error) {
    log::info("tls_failed",
              {{"session", text(id_)}, {"client", client_text_}, {"reason", error.text()}});
    return false;
  };
  const auto stream = connection_.stream_to_cover();
  if (!stream) co_return refused(stream.error());
  const std::shared_ptr<const io::TlsServer> server = surroundings_.tls->current();
  const auto covered = co_await server->accept(**stream, config().tls_deadline);
  if (!covered) co_return refused(covered.error());
  tls_ = (*covered)->info();
  binding_ = {(*covered)->exporter_binding(), (*covered)->unique_binding()};
  certificate_account_ = co_await account_of_certificate();
  account_.reset();
  end_transaction();
  dialogue_.tls_started();
  helo_.clear();
  extended_ = false;
  log::debug("tls_began", {{"session", text(id_)}, {"tls", io::describe(*tls_)}});
  co_return true;
}

/// On a port where TLS is a must, it comes before everything else (RFC 8314 §3.3).
bool Session::needs_tls_first() const {
  return port_.service == policy::Service::submission && !tls_;
}

/// RFC 3848.
std::string Session::protocol() const {
  if (!extended_) return "SMTP";
  return std::string("ESMTP") + (tls_ ? "S" : "") + (account_ ? "A" : "");
}

}  // namespace veredus::accept
