#include "main/torture/sink.h"

#include <chrono>
#include <utility>
#include <vector>

#include "io/connection.h"
#include "wire/smtp/command.h"
#include "wire/smtp/data_decoder.h"
#include "wire/smtp/dialogue.h"

namespace veredus::torture {
namespace {

using smtp::Reply;
using smtp::Verb;

constexpr std::size_t kLineOctetsMax = 2000;
constexpr std::chrono::minutes kDeadline{5};
/// A damaged queue could send anything; no mail of ours comes near.
constexpr std::size_t kMessageOctetsMax = std::size_t{16} * 1024 * 1024;

}  // namespace

/// One connection. Its functions return false when it is over.
class Sink::Session {
 public:
  Session(Sink& sink, std::unique_ptr<io::Stream> stream)
      : sink_(sink), connection_(std::move(stream)), dialogue_(smtp::DialogueConfig{}) {}

  io::Task<> run();

 private:
  io::Task<bool> handle(smtp::Command command);
  io::Task<bool> answer(Step step, Reply agreed);
  io::Task<bool> read_message();
  Reply note_recipient(const smtp::Command& command);
  void agreed(Step step);
  void take(bool is_answered);

  Sink& sink_;
  io::Connection connection_;
  smtp::Dialogue dialogue_;
  std::vector<std::string> recipients_;
  std::string recipient_;  // The one that is being answered.
  std::string message_;
  const SteadyTime opened_ = sink_.system_.clock.now();
};

io::Task<> Sink::Session::run() {
  bool open = co_await answer(Step::greeting, Reply(220, "sink.example ESMTP"));
  while (open) {
    const auto line = co_await connection_.read_line(kLineOctetsMax, kDeadline);
    if (!line) break;
    open = co_await handle(smtp::parse_command(*line));
  }
  connection_.close();
}

io::Task<bool> Sink::Session::handle(smtp::Command command) {
  if (const auto refusal = dialogue_.refuse(command.verb)) {
    connection_.put(refusal->render());
    co_return true;
  }
  bool open = true;
  switch (command.verb) {
    case Verb::ehlo:
      dialogue_.greeted();
      connection_.put(
          Reply(250, "sink.example").add_line("PIPELINING").add_line("8BITMIME").render());
      break;
    case Verb::mail:
      recipients_.clear();
      open = co_await answer(Step::sender, Reply(250, {2, 1, 0}, "Sender ok"));
      break;
    case Verb::rcpt:
      open = co_await answer(Step::recipient, note_recipient(command));
      break;
    case Verb::data:
      connection_.put(Reply(354, "Go on").render());
      open = co_await read_message();
      if (open) open = co_await answer(Step::message, Reply(250, {2, 0, 0}, "Taken"));
      break;
    case Verb::quit:
      connection_.put(Reply(221, {2, 0, 0}, "Bye").render());
      co_await connection_.shutdown();
      co_return false;
    default:
      if (command.verb == Verb::helo) dialogue_.greeted();
      if (command.verb == Verb::rset) dialogue_.transaction_ended();
      connection_.put(Reply(250, {2, 0, 0}, "Ok").render());
  }
  co_return open;
}

Reply Sink::Session::note_recipient(const smtp::Command& command) {
  const auto parsed = smtp::parse_rcpt(command.args);
  if (!parsed || !parsed->path.address()) return Reply(501, {5, 1, 3}, "No such address can be");
  recipient_ = parsed->path.address()->text();
  return Reply(250, {2, 1, 5}, "Recipient ok");
}

/// Agrees, or slips.
io::Task<bool> Sink::Session::answer(Step step, Reply agreement) {
  if (!agreement.is_positive()) {
    connection_.put(agreement.render());
    co_return true;
  }
  const Slip slip = sink_.mischief_.at(step);
  if (slip == Slip::take_and_cut) take(false);
  if (slip == Slip::take_and_cut || slip == Slip::cut) co_return false;
  if (slip == Slip::dismiss) {
    connection_.put(Reply(421, {4, 3, 2}, "Not now").render());
    co_await connection_.flush(kDeadline);
    co_await connection_.shutdown();
    co_return false;
  }
  if (slip == Slip::refuse) {
    connection_.put(Reply(451, {4, 3, 0}, "Try again").render());
    if (step == Step::message) dialogue_.transaction_ended();
    co_return true;
  }
  if (slip == Slip::dawdle) co_await sink_.system_.clock.sleep_for(sink_.mischief_.delay());
  agreed(step);
  connection_.put(agreement.render());
  co_return true;
}

void Sink::Session::agreed(Step step) {
  switch (step) {
    case Step::greeting:
      break;
    case Step::sender:
      dialogue_.mail_accepted();
      break;
    case Step::recipient:
      dialogue_.recipient_accepted();
      recipients_.push_back(recipient_);
      break;
    case Step::message:
      dialogue_.transaction_ended();
      take(true);
  }
}

void Sink::Session::take(bool is_answered) {
  const Arrival arrival{opened_, sink_.system_.clock.now(), is_answered};
  for (const std::string& recipient : recipients_) sink_.taken_(recipient, message_, arrival);
}

io::Task<bool> Sink::Session::read_message() {
  const Result<> prompted = co_await connection_.flush(kDeadline);
  if (!prompted) co_return false;
  message_.clear();
  smtp::DataDecoder decoder;
  for (;;) {
    const auto step = decoder.feed(connection_.input(), message_);
    connection_.consume(step.consumed);
    if (step.complete) co_return true;
    if (message_.size() > kMessageOctetsMax) co_return false;
    const Result<> more = co_await connection_.read_more(kDeadline);
    if (!more) co_return false;
  }
}

Result<io::Endpoint> Sink::listen(const io::Endpoint& at) {
  auto listener = system_.network.listen(at);
  if (!listener) return fail(listener.error());
  listener_ = std::move(*listener);
  system_.reactors.front()->spawn("sink", take_clients(*this));
  return listener_->local();
}

io::Task<> Sink::take_clients(Sink& sink) {
  for (;;) {
    auto client = co_await sink.listener_->accept();
    if (!client) co_return;
    sink.system_.reactors.front()->spawn("sink", serve(sink, std::move(*client)));
  }
}

io::Task<> Sink::serve(Sink& sink, std::unique_ptr<io::Stream> stream) {
  Session session(sink, std::move(stream));
  co_await session.run();
}

}  // namespace veredus::torture
