#include "main/torture/load.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <ranges>
#include <utility>
#include <vector>

namespace veredus::torture {
namespace {

/// Between two looks whether the server is there again, or has caught up.
constexpr std::chrono::milliseconds kPause{20};
constexpr std::chrono::seconds kConnectDeadline{5};

}  // namespace

QueueId id_in(std::string_view reply) {
  for (const auto word : std::views::split(reply, ' '))
    if (const auto id = parse_queue_id(std::string_view(word))) return *id;
  return QueueId{};
}

void Load::start() {
  working_ = order_.sessions;
  for (std::uint32_t i = 0; i < order_.sessions; ++i)
    system_.reactors.front()->spawn("load", work(*this));
}

io::Task<> Load::work(Load& load) {
  while (!load.stopping_) {
    const Result<> worked = co_await load.work_on_one_connection();
    if (!worked) co_await load.system_.clock.sleep_for(kPause);  // It is being killed, or starts.
  }
  --load.working_;
}

/// Until the server is killed or ends the connection. Errors: nobody there, or no more.
io::Task<Result<>> Load::work_on_one_connection() {
  io::ConnectOptions options;
  options.deadline = kConnectDeadline;
  auto stream = co_await system_.network.connect(order_.server, options);
  if (!stream) co_return fail(stream.error());
  SteadyTime dot;
  send::Sender sender(std::move(*stream), {.helo = "client.example",
                                           .deadline = order_.deadline,
                                           .show = {},
                                           .message_sent = [&] { dot = system_.clock.now(); }});
  Result<> done = co_await sender.open();
  while (done && sender.is_usable() && !stopping_) {
    if (books_.ledger.outstanding() < order_.outstanding_max)
      done = co_await send_one(sender, dot);
    else
      co_await system_.clock.sleep_for(kPause);
  }
  if (done) co_await sender.quit();
  co_return done;
}

/// `dot` is when the final dot was sent. Errors: the connection is of no more use.
io::Task<Result<>> Load::send_one(send::Sender& sender, const SteadyTime& dot) {
  const std::uint64_t number = books_.ledger.begin();
  const Mail mail = books_.maker.make(number);
  const send::Envelope envelope{mail.sender, mail.recipients};
  const Result<std::string> reply = co_await sender.send(envelope, mail.text);
  if (reply) {
    const SteadyTime now = system_.clock.now();
    books_.latency.add(std::chrono::duration_cast<std::chrono::microseconds>(now - dot));
    note(number, mail, sender, {now, id_in(*reply), books_.kills});
    co_return Result<>();
  }
  if (reply.error().fault() == Fault::refused) {
    ++books_.refused;
    co_return Result<>();
  }
  ++books_.cut;
  co_return fail(reply.error());
}

void Load::note(std::uint64_t number, const Mail& mail, const send::Sender& sender,
                Acknowledgement acknowledgement) {
  std::vector<std::size_t> taken;
  for (std::size_t i = 0; i < mail.recipients.size(); ++i) {
    const auto is_this = [&](const send::Refusal& refusal) {
      return refusal.recipient == mail.recipients[i];
    };
    if (std::ranges::none_of(sender.refusals(), is_this)) taken.push_back(i);
  }
  books_.ledger.acknowledge(number, taken, acknowledgement);
}

}  // namespace veredus::torture
