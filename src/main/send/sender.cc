#include "main/send/sender.h"

#include <algorithm>
#include <utility>

#include "wire/smtp/data_encoder.h"

namespace veredus::send {
namespace {

constexpr std::chrono::seconds kQuitDeadline{5};

std::unexpected<Error> refused(const smtp::PeerReply& reply) {
  return fail(Fault::refused, reply.verbatim());
}

bool is_eight_bit(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) > 0x7F; });
}

}  // namespace

Sender::Sender(std::unique_ptr<io::Stream> stream, Options options)
    : connection_(std::move(stream)), options_(std::move(options)) {}

void Sender::put(const std::string& line) {
  if (options_.show) options_.show(true, line);
  connection_.put(line + "\r\n");
}

void Sender::put_recipient(const Envelope& envelope, const std::string& recipient) {
  const bool dsn = peer_.has(smtp::Extension::dsn);
  put("RCPT TO:<" + recipient + '>' + (dsn ? envelope.dsn_rcpt_params : ""));
}

io::Task<Result<smtp::PeerReply>> Sender::read_reply() {
  smtp::ReplyParser parser;
  for (;;) {
    const auto line = co_await connection_.read_line(
        smtp::ReplyLimits{}.line_octets_max, options_.deadline, io::Connection::LineEnd::lf);
    if (!line) {
      usable_ = false;
      co_return fail(line.error());
    }
    if (options_.show) options_.show(false, *line);
    auto reply = parser.feed(*line);
    if (!reply) {
      usable_ = false;
      co_return fail(reply.error());
    }
    if (!*reply) continue;
    if ((*reply)->code == 421) usable_ = false;
    co_return std::move(**reply);
  }
}

io::Task<Result<smtp::PeerReply>> Sender::command(std::string line) {
  put(line);
  auto reply = co_await read_reply();
  co_return reply;
}

io::Task<Result<>> Sender::open() {
  const bool wants_tls = options_.privacy.client != nullptr;
  if (wants_tls && options_.privacy.from_the_start) {
    const Result<> begun = co_await begin_tls();
    if (!begun) co_return begun;
  }
  const auto greeting = co_await read_reply();
  if (!greeting) co_return fail(greeting.error());
  if (!greeting->is_positive()) co_return refused(*greeting);
  const Result<> introduced = co_await introduce();
  if (!introduced || !wants_tls || options_.privacy.from_the_start) co_return introduced;
  co_return co_await start_tls();
}

io::Task<Result<>> Sender::introduce() {
  auto hello = co_await command("EHLO " + options_.helo);
  if (!hello) co_return fail(hello.error());
  if (hello->is_positive()) {
    peer_ = smtp::Capabilities::parse(*hello);
    co_return Result<>();
  }
  hello = co_await command("HELO " + options_.helo);
  if (!hello) co_return fail(hello.error());
  if (!hello->is_positive()) co_return refused(*hello);
  co_return Result<>();
}

/// RFC 3207 §4.2: what the server said before does not count.
io::Task<Result<>> Sender::start_tls() {
  if (!peer_.has(smtp::Extension::starttls))
    co_return fail(Fault::refused, "the server does not offer STARTTLS");
  const auto reply = co_await command("STARTTLS");
  if (!reply) co_return fail(reply.error());
  if (!reply->is_positive()) co_return refused(*reply);
  const Result<> begun = co_await begin_tls();
  if (!begun) co_return begun;
  peer_ = smtp::Capabilities();
  co_return co_await introduce();
}

io::Task<Result<>> Sender::begin_tls() {
  const auto stream = connection_.stream_to_cover();
  if (!stream) co_return fail(stream.error());
  const auto covered =
      co_await options_.privacy.client->connect(**stream, options_.privacy.wish, options_.deadline);
  if (!covered) co_return fail(covered.error());
  if (options_.show) options_.show(false, "(TLS: " + io::describe((*covered)->info()) + ')');
  co_return Result<>();
}

io::Task<Result<std::string>> Sender::send(const Envelope& envelope, const std::string& message) {
  refusals_.clear();
  std::string mail = "MAIL FROM:<" + envelope.sender + '>';
  if (peer_.has(smtp::Extension::eight_bit_mime) && is_eight_bit(message)) mail += " BODY=8BITMIME";
  if (peer_.has(smtp::Extension::dsn)) mail += envelope.dsn_mail_params;
  auto reply = co_await offer(envelope, std::move(mail));
  if (!reply) co_return fail(reply.error());
  if (reply->code == 354) {
    auto accepted = co_await send_text(message);
    co_return accepted;
  }
  auto ended = co_await give_up(std::move(*reply));
  co_return ended;
}

/// MAIL, RCPTs and DATA, in one packet where the server can (RFC 2920 §3.1). Returns the reply
/// that decided: 354, or the first refusal that leaves nothing to send.
io::Task<Result<smtp::PeerReply>> Sender::offer(const Envelope& envelope, std::string mail) {
  const bool pipelining = peer_.has(smtp::Extension::pipelining);
  put(mail);
  if (pipelining) {
    for (const std::string& recipient : envelope.recipients) put_recipient(envelope, recipient);
    put("DATA");
  }
  auto decided = co_await read_reply();
  if (!decided) co_return decided;
  if (!pipelining && !decided->is_positive()) co_return decided;
  bool open = decided->is_positive();
  for (const std::string& recipient : envelope.recipients) {
    if (!pipelining) put_recipient(envelope, recipient);
    auto reply = co_await read_reply();
    if (!reply) co_return reply;
    if (reply->is_positive()) continue;
    refusals_.push_back({recipient, reply->verbatim()});
    if (open) decided = std::move(reply);
  }
  const bool any = open && refusals_.size() < envelope.recipients.size();
  if (!any && !pipelining) co_return decided;
  if (!pipelining) put("DATA");
  auto data = co_await read_reply();
  if (!data || any) co_return data;
  if (data->code == 354) {
    // A server that wants a message for nobody gets an empty one (RFC 2920 §3.1).
    auto emptied = co_await command(".");
    if (!emptied) co_return emptied;
  }
  co_return decided;
}

io::Task<Result<std::string>> Sender::send_text(const std::string& message) {
  smtp::DataEncoder encoder;
  std::vector<std::string_view> pieces;
  encoder.encode(message, pieces);
  pieces.push_back(encoder.finish());
  if (options_.show)
    options_.show(true, "(the message, " + std::to_string(message.size()) + " octets)");
  const Result<> sent = co_await connection_.write(std::move(pieces), options_.deadline);
  if (!sent) co_return fail(sent.error());
  if (options_.message_sent) options_.message_sent();
  const auto reply = co_await read_reply();
  if (!reply) co_return fail(reply.error());
  if (!reply->is_positive()) co_return refused(*reply);
  co_return reply->verbatim();
}

io::Task<Result<std::string>> Sender::give_up(smtp::PeerReply reply) {
  if (usable_) {
    const auto reset = co_await command("RSET");
    if (!reset) co_return fail(reset.error());
  }
  co_return refused(reply);
}

io::Task<> Sender::quit() {
  if (!usable_) co_return;
  options_.deadline = kQuitDeadline;
  co_await command("QUIT");
  co_await connection_.shutdown();
}

}  // namespace veredus::send
