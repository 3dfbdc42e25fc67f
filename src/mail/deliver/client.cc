// Opening and closing, and the transaction's order; transaction.cc has its steps.

#include "mail/deliver/client.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "mail/deliver/reason.h"

namespace veredus::deliver {
namespace {

constexpr std::chrono::seconds kQuitDeadline{2};
constexpr std::string_view kMaybeDelivered =
    "; it may have been delivered, so that the next attempt may deliver it a second time";
constexpr std::size_t kReplyLineOctetsMax = smtp::ReplyLimits{}.line_octets_max;

std::string seconds_text(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

/// A reply that ends what we wanted of this host.
Error refusal(const smtp::PeerReply& reply) { return {Fault::unavailable, reply.verbatim()}; }

}  // namespace

Client::Client(std::unique_ptr<io::Stream> stream, Peer peer, const Surroundings& surroundings)
    : stream_(*stream),
      connection_(std::move(stream)),
      at_(std::move(peer)),
      config_(surroundings.config),
      queue_(surroundings.queue),
      workers_(surroundings.workers),
      tls_source_(surroundings.tls) {}

io::Task<std::expected<void, Client::Unopened>> Client::open() {
  if (at_.security.at_once) {
    const auto begun = co_await begin_tls();
    if (!begun) co_return begun;
  }
  const auto greeting = co_await read_reply(Step::greeting);
  if (!greeting) co_return std::unexpected(Unopened{greeting.error().text()});
  if (!is_done(**greeting))
    co_return std::unexpected(Unopened{(*greeting)->verbatim(), (*greeting)->is_permanent()});
  const Result<> introduced = co_await introduce();
  if (!introduced) co_return std::unexpected(Unopened{introduced.error().text()});
  const auto secured = co_await secure();
  if (!secured) co_return secured;
  const Result<> known = co_await authenticate();
  if (!known) co_return std::unexpected(Unopened{known.error().text()});
  introduced_ = true;
  co_return std::expected<void, Unopened>();
}

io::Task<Result<>> Client::introduce() {
  const bool lmtp = protocol_ == smtp::Protocol::lmtp;
  const std::string verb = lmtp ? "LHLO " : "EHLO ";
  const auto hello = co_await command(verb + config_.hostname, Step::hello);
  if (!hello) co_return fail(hello.error());
  if (is_done(**hello)) {
    peer_ = smtp::Capabilities::parse(**hello);
    co_return Result<>();
  }
  if (lmtp || !(*hello)->is_permanent()) co_return fail(refusal(**hello));
  const auto plain = co_await command("HELO " + config_.hostname, Step::hello);
  if (!plain) co_return fail(plain.error());
  if (!is_done(**plain)) co_return fail(refusal(**plain));
  co_return Result<>();
}

io::Task<Client::Answer> Client::command(const std::string& line, Step step) {
  connection_.put(line);
  connection_.put("\r\n");
  return read_reply(step);
}

/// RFC 5321 §4.5.3.2.
Duration Client::deadline(Step step) const noexcept {
  switch (step) {
    case Step::greeting:
      return config_.greeting_deadline;
    case Step::data:
      return config_.data_deadline;
    case Step::message:
      return config_.final_deadline;
    case Step::quit:
      return kQuitDeadline;
    case Step::hello:
    case Step::mail:
    case Step::rcpt:
    case Step::reset:
    case Step::starttls:
    case Step::auth:
      return config_.command_deadline;
  }
  std::unreachable();
}

std::string Client::awaited(Step step) const {
  if (step == Step::greeting) return "greeting";
  if (step == Step::message) return "reply to the message";
  static constexpr std::array<std::string_view, 10> kVerbs{"", "EHLO", "MAIL", "RCPT",     "DATA",
                                                           "", "RSET", "QUIT", "STARTTLS", "AUTH"};
  const bool is_lhlo = step == Step::hello && protocol_ == smtp::Protocol::lmtp;
  const std::string_view verb = is_lhlo ? "LHLO" : kVerbs.at(static_cast<std::size_t>(step));
  return "reply to " + std::string(verb);
}

/// What `error` means where we wait for the reply to `step`.
Error Client::failure(Step step, const Error& error) const {
  Cause cause = Cause::bad_reply;
  std::string sentence = "bad " + awaited(step) + ": " + error.text();
  if (error.fault() == Fault::cancelled) {
    cause = Cause::no_answer;
    sentence = "no " + awaited(step) + " within " + seconds_text(deadline(step));
  } else if (error.fault() == Fault::unavailable) {
    cause = Cause::connection_lost;
    sentence = "the connection broke before the " + awaited(step) + ": " + error.text();
  }
  return {Fault::unavailable, reason(cause, sentence)};
}

/// The step's deadline is for sending what was put and for the whole reply: a peer that dribbles
/// it, line by line or octet by octet, gets no more time than one that says nothing. Any 421
/// announces that the peer closes (RFC 5321 §3.8).
io::Task<Client::Answer> Client::read_reply(Step step) {
  const SteadyTime until = stream_.now() + deadline(step);
  smtp::ReplyParser parser;
  for (;;) {
    std::optional<Result<>> line;
    if (!connection_.has_output())
      line = connection_.arrived_line(line_, kReplyLineOctetsMax, io::Connection::LineEnd::lf);
    if (!line) line = co_await read_line(until);
    if (!*line) {
      alive_ = false;
      co_return fail(failure(step, line->error()));
    }
    const Result<bool> complete = parser.feed(line_, reply_);
    if (!complete) {
      alive_ = false;
      co_return fail(failure(step, complete.error()));
    }
    if (!*complete) continue;
    if (reply_.code == 421) alive_ = false;
    co_return &reply_;
  }
}

io::Task<Result<>> Client::read_line(SteadyTime until) {
  const auto left = [&] { return std::max(until - stream_.now(), Duration::zero()); };
  if (connection_.has_output()) {
    const Result<> flushed = co_await connection_.flush(left());
    if (!flushed) co_return flushed;
  }
  while (!connection_.has_line() && connection_.input().size() < kReplyLineOctetsMax) {
    Result<> arrived = co_await connection_.wait_input(left());  // Without a buffer meanwhile.
    if (arrived) arrived = co_await connection_.read_more(left());
    if (!arrived) co_return arrived;
  }
  auto whole = connection_.arrived_line(line_, kReplyLineOctetsMax, io::Connection::LineEnd::lf);
  if (whole) co_return std::move(*whole);
  co_return co_await connection_.read_line(line_, kReplyLineOctetsMax, left(),
                                           io::Connection::LineEnd::lf);
}

io::Task<std::expected<void, Client::Broken>> Client::send(const queue::Job& job,
                                                           Outcomes& outcomes,
                                                           const queue::Job* following) {
  Transaction transaction{.job = job, .outcomes = outcomes, .following = following};
  outcomes.set_tls(tls_ == nullptr ? "" : io::describe(tls_->info()));
  const bool fit = co_await prepare(transaction);
  if (!fit) co_return std::expected<void, Broken>();

  const Result<> done = co_await transact(transaction);
  if (!done) {
    alive_ = false;
    const std::string_view doubt = transaction.sent_all ? kMaybeDelivered : "";
    co_return std::unexpected(
        Broken{done.error().text() + std::string(doubt), transaction.sent_all});
  }
  ++messages_sent_;
  if (alive_ && transaction.accepted.empty()) {
    // Nothing was sent: clear the transaction that MAIL may have begun.
    const auto reset = co_await command("RSET", Step::reset);
    if (!reset || !is_done(**reset)) alive_ = false;
  }
  co_return std::expected<void, Broken>();
}

io::Task<Result<>> Client::transact(Transaction& transaction) {
  const Result<bool> wanted = co_await offer(transaction);
  if (!wanted) co_return fail(wanted.error());
  if (!*wanted) co_return Result<>();
  const Result<> sent = co_await send_message(transaction);
  if (!sent) co_return sent;
  const Result<> judged = co_await read_verdicts(transaction);
  co_return judged;
}

io::Task<> Client::quit() {
  // What was offered and will not be sent had better end with the connection.
  if (!alive_ || offered_) {
    connection_.close();
    co_return;
  }
  alive_ = false;
  connection_.put("QUIT\r\n");
  const Result<> flushed = co_await connection_.flush(kQuitDeadline);
  if (flushed) co_await read_reply(Step::quit);
  connection_.close();
}

}  // namespace veredus::deliver
