#include "main/send/run.h"

#include <algorithm>
#include <utility>

namespace veredus::send {
namespace {

constexpr std::size_t kReasonsMax = 5;

}  // namespace

Run::Run(Order order, const Surroundings& surroundings, std::function<void()> progress,
         std::function<void()> finished)
    : order_(std::move(order)),
      surroundings_(surroundings),
      progress_(std::move(progress)),
      finished_(std::move(finished)) {}

void Run::start() {
  working_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(order_.parallel, order_.repeat));
  const std::uint32_t connections = working_;
  for (std::uint32_t i = 0; i < connections; ++i) surroundings_.reactor.spawn("send", work(*this));
}

io::Task<> Run::work(Run& run) {
  while (run.next_ < run.order_.repeat) {
    const Result<> worked = co_await run.work_on_one_connection();
    if (worked) continue;
    // Nobody to send to: the messages that wait for this connection will not fare better.
    run.note_refusal(worked.error().text());
    ++run.tally_.broken;
    run.next_ = run.order_.repeat;
  }
  if (--run.working_ == 0) run.finished_();
}

/// Until all is sent or the server wants no more on this connection. Errors: no connection.
io::Task<Result<>> Run::work_on_one_connection() {
  auto stream = co_await surroundings_.network.connect(order_.server, {});
  if (!stream) co_return fail(stream.error());
  Sender sender(std::move(*stream), order_.options);
  const Result<> opened = co_await sender.open();
  if (!opened) co_return opened;
  while (sender.is_usable() && next_ < order_.repeat) {
    const std::string message = order_.message(next_++);
    const SteadyTime before = surroundings_.clock.now();
    const Result<std::string> outcome = co_await sender.send(order_.envelope, message);
    if (outcome)
      tally_.times.push_back(std::chrono::duration_cast<std::chrono::microseconds>(
          surroundings_.clock.now() - before));
    count(outcome, sender);
    progress_();
  }
  co_await sender.quit();
  co_return Result<>();
}

void Run::count(const Result<std::string>& outcome, const Sender& sender) {
  for (const Refusal& refusal : sender.refusals())
    note_refusal('<' + refusal.recipient + ">: " + refusal.reply);
  if (outcome) {
    ++tally_.accepted;
    tally_.last_reply = *outcome;
    return;
  }
  if (outcome.error().fault() == Fault::refused)
    ++tally_.refused;
  else
    ++tally_.broken;
  if (sender.refusals().empty()) note_refusal(outcome.error().text());
}

void Run::note_refusal(const std::string& reason) {
  if (tally_.refusals.size() < kReasonsMax &&
      std::ranges::find(tally_.refusals, reason) == tally_.refusals.end())
    tally_.refusals.push_back(reason);
}

}  // namespace veredus::send
