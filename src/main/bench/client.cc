#include "main/bench/client.h"

#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "main/bench/replies.h"
#include "main/bench/waiting.h"

namespace veredus::bench {
namespace {

constexpr std::chrono::seconds kQuitDeadline{5};

}  // namespace

Secret auth_plain(const std::string& user, const Secret& password) {
  std::string message;
  message.reserve(user.size() + password.reveal().size() + 2);
  message.append(1, '\0').append(user).append(1, '\0').append(password.reveal());
  std::string encoded = to_base64(message);
  wipe(message);
  std::string line;
  line.reserve(encoded.size() + 16);
  line.append("AUTH PLAIN ").append(encoded).append("\r\n");
  wipe(encoded);
  return Secret(std::move(line));
}

Client::Client(std::unique_ptr<io::Stream> stream, const Manner& manner, const Mailing& mailing)
    : connection_(std::move(stream)), manner_(manner), mailing_(mailing) {}

Error Client::refused() const {
  const std::string_view reply = last_reply_;
  return {Fault::refused, printable(reply.substr(0, reply.find_first_of("\r\n")))};
}

Error Client::lost(Error error) {
  usable_ = false;
  return error;
}

/// The code of the next reply, which is then last_reply_.
io::Task<Result<int>> Client::reply() {
  for (;;) {
    const FoundReply found = find_reply(connection_.input());
    if (found.kind == FoundReply::Kind::complete) {
      last_reply_.assign(found.text);
      connection_.consume(found.text.size());
      if (found.code == 421) usable_ = false;
      co_return found.code;
    }
    if (found.kind == FoundReply::Kind::malformed ||
        connection_.input().size() == io::Connection::kInputBytes)
      co_return fail(lost({Fault::malformed, "the server sent what is no reply"}));
    const Result<> come = co_await await_input(connection_, manner_.deadline);
    if (!come) co_return fail(lost(come.error()));
  }
}

/// Errors: refused, when the reply is not positive.
io::Task<Result<>> Client::command(std::string line) {
  connection_.put(line);
  const Result<int> code = co_await reply();
  if (!code) co_return fail(code.error());
  if (*code >= 400) co_return fail(refused());
  co_return Result<>();
}

io::Task<Result<>> Client::open() {
  if (manner_.tls && manner_.tls_from_the_start) {
    const Result<> begun = co_await begin_tls();
    if (!begun) co_return begun;
  }
  const Result<> greeted = co_await command("");
  if (!greeted) co_return greeted;
  Result<> done = co_await introduce();
  if (done && manner_.tls && !manner_.tls_from_the_start) done = co_await start_tls();
  if (done && !manner_.auth.empty()) done = co_await command(std::string(manner_.auth.reveal()));
  co_return done;
}

io::Task<Result<>> Client::introduce() {
  const Result<> done = co_await command("EHLO " + manner_.helo + "\r\n");
  pipelining_ = manner_.pipelining && announces(last_reply_, "PIPELINING");
  co_return done;
}

/// RFC 3207 §4.2: what the server said before does not count.
io::Task<Result<>> Client::start_tls() {
  Result<> done = co_await command("STARTTLS\r\n");
  if (!done) co_return done;
  done = co_await begin_tls();
  if (!done) co_return done;
  co_return co_await introduce();
}

io::Task<Result<>> Client::begin_tls() {
  const auto stream = connection_.stream_to_cover();
  if (!stream) co_return fail(stream.error());
  const auto covered = co_await manner_.tls->connect(
      **stream, {.name = connection_.peer().address().text()}, manner_.deadline);
  if (!covered) co_return fail(covered.error());
  co_return Result<>();
}

io::Task<Result<>> Client::send(std::uint64_t number) {
  Result<> done;
  if (pipelining_)
    done = co_await offer_at_once(number);
  else
    done = co_await offer(number);
  if (done) {
    done = co_await send_text(number);
  } else if (usable_) {
    // The server still has MAIL, or even has DATA turned down. It is asked to forget that.
    const Result<> forgotten = co_await command("RSET\r\n");
    usable_ = usable_ && forgotten.has_value();
  }
  co_return done;
}

/// MAIL, RCPT and DATA, each after the reply to the one before.
io::Task<Result<>> Client::offer(std::uint64_t number) {
  Result<> done = co_await command(std::string(mailing_.mail()));
  if (!done) co_return done;
  std::string rcpt;
  mailing_.add_rcpt(number, rcpt);
  done = co_await command(std::move(rcpt));
  if (!done) co_return done;
  co_return co_await command("DATA\r\n");
}

/// The three in one packet (RFC 2920 §3.1).
io::Task<Result<>> Client::offer_at_once(std::uint64_t number) {
  std::string commands(mailing_.mail());
  mailing_.add_rcpt(number, commands);
  commands += "DATA\r\n";
  connection_.put(commands);
  Result<> done;
  for (int i = 0; i < 3; ++i) {
    const Result<int> code = co_await reply();
    if (!code) co_return fail(code.error());
    const bool is_data = i == 2;
    if (*code >= 400 && done) done = fail(refused());
    if (!is_data || *code != 354 || done) continue;
    // A server that wants a message for nobody gets an empty one (RFC 2920 §3.1).
    connection_.put(".\r\n");
    const Result<int> emptied = co_await reply();
    if (!emptied) co_return fail(emptied.error());
  }
  co_return done;
}

io::Task<Result<>> Client::send_text(std::uint64_t number) {
  const std::string first = mailing_.message_id(number);
  const Result<> sent = co_await connection_.write({first, mailing_.rest()}, manner_.deadline);
  if (!sent) co_return fail(lost(sent.error()));
  const Result<int> code = co_await reply();
  if (!code) co_return fail(code.error());
  if (*code >= 400) co_return fail(refused());
  co_return Result<>();
}

io::Task<> Client::quit() {
  connection_.put("QUIT\r\n");
  const Result<> said = co_await await_input(connection_, kQuitDeadline);
  static_cast<void>(said);  // It ends either way.
  if (manner_.tls) co_await connection_.shutdown();
  connection_.close();
}

}  // namespace veredus::bench
