// Opening and closing, and the transaction's order; transaction.cc has its steps.

#include "mail/deliver/client.h"

#include <algorithm>
#include <utility>

namespace veredus::deliver {
namespace {

constexpr std::chrono::seconds kQuitDeadline{2};
constexpr std::size_t kReplyLineOctetsMax = smtp::ReplyLimits{}.line_octets_max;

/// The reply that ends the attempt at this host.
Error refusal(const smtp::PeerReply& reply) { return {Fault::unavailable, reply.verbatim()}; }

}  // namespace

Client::Client(std::unique_ptr<io::Stream> stream, smtp::Protocol protocol, std::string remote,
               const Surroundings& surroundings)
    : stream_(*stream),
      connection_(std::move(stream)),
      protocol_(protocol),
      remote_(std::move(remote)),
      config_(surroundings.config),
      queue_(surroundings.queue),
      workers_(surroundings.workers) {}

io::Task<Result<>> Client::open() {
  const auto greeting = co_await read_reply(config_.greeting_deadline);
  if (!greeting) co_return fail(greeting.error());
  if (!is_done(*greeting)) co_return fail(refusal(*greeting));

  const bool lmtp = protocol_ == smtp::Protocol::lmtp;
  const std::string verb = lmtp ? "LHLO " : "EHLO ";
  auto hello = co_await command(verb + config_.hostname, config_.command_deadline);
  if (!hello) co_return fail(hello.error());
  if (is_done(*hello)) {
    peer_ = smtp::Capabilities::parse(*hello);
  } else if (hello->is_permanent() && !lmtp) {
    auto plain = co_await command("HELO " + config_.hostname, config_.command_deadline);
    if (!plain) co_return fail(plain.error());
    if (!is_done(*plain)) co_return fail(refusal(*plain));
  } else {
    co_return fail(refusal(*hello));
  }
  introduced_ = true;
  co_return Result<>();
}

io::Task<Result<smtp::PeerReply>> Client::command(std::string line, Duration deadline) {
  connection_.put(line + "\r\n");
  auto reply = co_await read_reply(deadline);
  co_return reply;
}

/// `deadline` is for sending what was put and for the whole reply: a peer that dribbles it, line by
/// line or octet by octet, gets no more time than one that says nothing. Any 421 announces that the
/// peer closes (RFC 5321 §3.8).
io::Task<Result<smtp::PeerReply>> Client::read_reply(Duration deadline) {
  const SteadyTime until = stream_.now() + deadline;
  smtp::ReplyParser parser;
  for (;;) {
    const auto line = co_await read_line(until);
    if (!line) {
      alive_ = false;
      co_return fail(line.error());
    }
    auto reply = parser.feed(*line);
    if (!reply) {
      alive_ = false;
      co_return fail(Fault::unavailable, reply.error().text());
    }
    if (!*reply) continue;
    if ((*reply)->code == 421) alive_ = false;
    co_return std::move(**reply);
  }
}

io::Task<Result<std::string>> Client::read_line(SteadyTime until) {
  const auto left = [&] { return std::max(until - stream_.now(), Duration::zero()); };
  const Result<> flushed = co_await connection_.flush(left());
  if (!flushed) co_return fail(flushed.error());
  while (!connection_.has_line() && connection_.input().size() < kReplyLineOctetsMax) {
    Result<> arrived = co_await connection_.wait_input(left());  // Without a buffer meanwhile.
    if (arrived) arrived = co_await connection_.read_more(left());
    if (!arrived) co_return fail(arrived.error());
  }
  co_return co_await connection_.read_line(kReplyLineOctetsMax, left(),
                                           io::Connection::LineEnd::lf);
}

io::Task<std::expected<void, Client::Broken>> Client::send(const queue::Job& job,
                                                           Outcomes& outcomes) {
  Transaction transaction{job, outcomes, {}, {}};
  const bool fit = co_await prepare(transaction);
  if (!fit) co_return std::expected<void, Broken>();

  const Result<> done = co_await transact(transaction);
  if (!done) {
    alive_ = false;
    co_return std::unexpected(Broken{done.error(), transaction.sent_all});
  }
  ++messages_sent_;
  if (alive_ && transaction.accepted.empty()) {
    // Nothing was sent: clear the transaction that MAIL may have begun.
    const auto reset = co_await command("RSET", config_.command_deadline);
    if (!reset || !is_done(*reset)) alive_ = false;
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
  if (!alive_) {
    connection_.close();
    co_return;
  }
  alive_ = false;
  connection_.put("QUIT\r\n");
  const Result<> flushed = co_await connection_.flush(kQuitDeadline);
  if (flushed) co_await read_reply(kQuitDeadline);
  connection_.close();
}

}  // namespace veredus::deliver
