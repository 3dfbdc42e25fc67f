#include "sim/server/next_hop.h"

#include <utility>

#include "base/text.h"
#include "wire/smtp/data_decoder.h"

namespace veredus::simulation {
namespace {

constexpr std::chrono::minutes kPatience{20};
constexpr std::chrono::minutes kSilence{45};
constexpr std::size_t kLineOctetsMax = 4096;

/// What is between '<' and '>'.
std::string path_of(std::string_view line) {
  const std::size_t begin = line.find('<');
  const std::size_t end = line.find('>');
  if (begin == std::string_view::npos || end == std::string_view::npos) return {};
  return std::string(line.substr(begin + 1, end - begin - 1));
}

}  // namespace

io::Task<> NextHop::listen(io::Endpoint endpoint) {
  auto listener = host_.system().network.listen(endpoint);
  if (!listener) {
    ledger_.problem(listener.error().text());
    co_return;
  }
  for (;;) {
    auto stream = co_await (*listener)->accept();
    if (!stream) co_return;
    host_.spawn("next_hop", serve(std::move(*stream)));
  }
}

io::Task<> NextHop::serve(std::unique_ptr<io::Stream> stream) {
  Session session(std::move(stream));
  session.temper = temper_;
  const Mood mood = co_await choose(session);
  co_await answer(session, mood, "220 next hop");
  while (!session.over) {
    auto line = co_await session.connection.read_line(kLineOctetsMax, kPatience);
    if (!line) {
      if (line.error().fault() == Fault::malformed) ledger_.problem(line.error().text());
      break;
    }
    co_await obey(session, std::move(*line));
  }
  co_await session.connection.flush(kPatience);
  co_await session.connection.shutdown();
}

io::Task<> NextHop::obey(Session& session, std::string line) {
  check_patience(session);
  const std::string verb = ascii_upper(line.substr(0, 4));
  if (verb == "EHLO" || verb == "HELO" || verb == "LHLO") {
    co_await greet(session, verb);
  } else if (verb == "RCPT") {
    co_await take_recipient(session, path_of(line));
  } else if (verb == "DATA") {
    co_await take_message(session);
  } else if (verb == "MAIL" || verb == "RSET" || verb == "QUIT") {
    const Mood mood = co_await choose(session);
    session.recipients.clear();
    session.in_transaction = verb == "MAIL" && mood == Mood::fine;
    co_await answer(session, mood, verb == "QUIT" ? "221 bye" : "250 ok");
    session.over = session.over || verb == "QUIT";
  } else {
    ledger_.problem("a command that nobody knows: " + printable(line));
    session.over = true;
  }
}

io::Task<> NextHop::greet(Session& session, std::string verb) {
  const Temper& temper = session.temper;
  if (verb != "HELO" && (verb == "LHLO") != temper.lmtp)
    ledger_.problem(verb + " to a server of the other kind");
  Mood mood = co_await choose(session);
  if (verb == "HELO") {
    co_await answer(session, mood, "250 next hop");
    co_return;
  }
  if (!temper.esmtp) {
    session.connection.put("502 5.5.1 Not known here\r\n");
    co_return;
  }
  std::string good = "250-next hop\r\n";
  if (temper.pipelining) good += "250-PIPELINING\r\n";
  if (temper.eight_bit) good += "250-8BITMIME\r\n";
  co_await answer(session, mood, good + "250 SIZE 10000000");
}

io::Task<> NextHop::take_recipient(Session& session, std::string address) {
  Mood mood = co_await choose(session);
  if (mood == Mood::fine && address.starts_with("bad")) mood = Mood::permanent;
  if (mood == Mood::fine && !session.in_transaction) mood = Mood::temporary;
  if (mood == Mood::fine) session.recipients.push_back(address);
  co_await answer(session, mood, "250 ok");
}

io::Task<> NextHop::take_message(Session& session) {
  Mood mood = co_await choose(session);
  if (mood == Mood::fine && session.recipients.empty()) mood = Mood::temporary;
  co_await answer(session, mood, "354 go on");
  if (mood != Mood::fine) co_return;
  std::string text;
  const bool whole = co_await read_message(session, text);
  if (!whole) {
    session.over = true;
    session.connection.close();
    co_return;
  }
  co_await judge_message(session, std::move(text));
  session.recipients.clear();
  session.in_transaction = false;
}

/// False when the connection ended first, by the other side or by ourselves.
io::Task<bool> NextHop::read_message(Session& session, std::string& text) {
  io::Connection& connection = session.connection;
  smtp::DataDecoder decoder;
  const bool cuts = random_.chance(session.temper.cut);
  const std::uint64_t cut_at = random_.below(2000);
  for (;;) {
    if (connection.input().empty()) {
      const Result<> more = co_await connection.read_more(kPatience);
      if (!more) co_return false;
    }
    const auto step = decoder.feed(connection.input(), text);
    connection.consume(step.consumed);
    if (cuts && (text.size() >= cut_at || step.complete)) co_return false;
    if (step.complete) break;
  }
  if (decoder.has_bare_newline()) ledger_.problem("a bare CR or LF was sent to a next hop");
  if (decoder.has_8bit() && !(session.temper.esmtp && session.temper.eight_bit))
    ledger_.problem("8-bit octets were sent to a next hop without 8BITMIME");
  co_return true;
}

/// LMTP: a reply for each recipient (RFC 2033 §4.2); SMTP: one for all.
io::Task<> NextHop::judge_message(Session& session, std::string text) {
  const std::vector<std::string> recipients = session.recipients;
  if (!session.temper.lmtp) {
    const Mood mood = co_await choose(session);
    for (const std::string& recipient : recipients)
      if (const auto letter = ledger_.received(text, recipient); letter && mood == Mood::fine)
        ledger_.relayed(*letter, recipient);
    co_await answer(session, mood, "250 taken");
    co_return;
  }
  for (const std::string& recipient : recipients) {
    const Mood mood = co_await choose(session);
    if (const auto letter = ledger_.received(text, recipient); letter && mood == Mood::fine)
      ledger_.relayed(*letter, recipient);
    co_await answer(session, mood, "250 taken");
    if (session.over) co_return;
  }
}

io::Task<NextHop::Mood> NextHop::choose(Session& session) {
  const Temper& temper = session.temper;
  if (random_.chance(temper.slow))
    co_await host_.sleep(random_.between(Duration::zero(), Duration(std::chrono::seconds(30))));
  if (random_.chance(temper.silent)) {
    co_await host_.sleep(kSilence);
    co_return Mood::cut;
  }
  double draw = random_.fraction();
  const auto falls_in = [&draw](double share) { return (draw -= share) < 0; };
  if (falls_in(temper.cut)) co_return Mood::cut;
  if (falls_in(temper.goodbye)) co_return Mood::goodbye;
  if (falls_in(temper.permanent)) co_return Mood::permanent;
  if (falls_in(temper.temporary)) co_return Mood::temporary;
  co_return Mood::fine;
}

io::Task<> NextHop::answer(Session& session, Mood mood, std::string good) {
  const std::string number = std::to_string(++replies_);
  switch (mood) {
    case Mood::fine:
      session.connection.put(good + "\r\n");
      co_return;
    case Mood::temporary:
      session.connection.put("450-4.3.0 Not now\r\n450 4.3.0 reply " + number + "\r\n");
      co_return;
    case Mood::permanent:
      ledger_.refused("550 5.7.1 Never reply " + number + ".");
      session.connection.put("550 5.7.1 Never reply " + number + ".\r\n");
      co_return;
    case Mood::goodbye:
      session.over = true;
      session.connection.put("421 4.3.2 Going away\r\n");
      co_await session.connection.flush(kPatience);
      co_return;
    case Mood::cut:
      session.over = true;
      session.connection.close();
      co_return;
  }
}

/// A client may not send ahead unless PIPELINING was announced (RFC 2920 §3.1).
void NextHop::check_patience(const Session& session) {
  if (session.temper.esmtp && session.temper.pipelining) return;
  if (!session.connection.input().empty())
    ledger_.problem("a client sent ahead without PIPELINING");
}

}  // namespace veredus::simulation
