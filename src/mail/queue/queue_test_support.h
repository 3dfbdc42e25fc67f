// A simulated mail server with nothing but a queue, for tests: its workers do as a judge says.

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "io/sim/world.h"
#include "mail/queue/queue.h"
#include "storage/memory/memory_storage.h"

namespace veredus::queue {

inline smtp::Address address(std::string_view text) { return *smtp::Address::parse(text); }

inline std::string domain_of(const Recipient& recipient) {
  return std::string(recipient.address.host_text());
}

/// Decides what becomes of a recipient in an attempt.
using Judge = std::function<Outcome(const Job&, std::uint32_t recipient)>;

inline Outcome deliver_all(const Job& /*job*/, std::uint32_t recipient) {
  return {.recipient = recipient, .state = State::relayed, .reply = "250 ok", .remote = "mx"};
}
inline Outcome defer_all(const Job& /*job*/, std::uint32_t recipient) {
  return {.recipient = recipient, .state = State::deferred, .reply = "450 later", .remote = "mx"};
}
inline Outcome refuse_all(const Job& /*job*/, std::uint32_t recipient) {
  return {.recipient = recipient, .state = State::failed, .reply = "550 no", .remote = "mx"};
}
inline Outcome find_nobody(const Job& /*job*/, std::uint32_t recipient) {
  return {.recipient = recipient,
          .state = State::deferred,
          .reply = "connection refused",
          .remote = {},
          .unreachable = true};
}

/// Tells the sender, in a few words: "failed 01J8XK3F2Q7RM: bob@example.org".
inline Result<Message> compose_notice(const NoticeRequest& request) {
  if (request.envelope.sender.is_null()) return fail(Fault::refused, "the sender is null");
  Message made;
  std::string body = request.kind == NoticeKind::delay ? "delayed " : "failed ";
  body += text(request.envelope.id) + ":";
  for (const NoticeRequest::Item& item : request.recipients)
    body += " " + request.envelope.recipients[item.recipient].address.text();
  made.envelope.id = request.id;
  made.envelope.received_at = request.now;
  made.envelope.recipients.push_back({*request.envelope.sender.address(), {}, {}, {}, {}});
  made.envelope.origin.protocol = "notice";
  made.envelope.size = body.size();
  made.chunks.emplace_back(std::move(body));
  return made;
}

/// What the workers did; outlives processes.
struct Attempts {
  struct One {
    QueueId id;
    std::string destination;
    std::size_t recipients;
    SteadyTime time;
    std::string body;
  };
  std::vector<One> all;
  std::multiset<std::pair<QueueId, std::uint32_t>> relayed;
};

/// A process: the queue and workers that do as the judge says.
class Server {
 public:
  Server(const QueueConfig& config, sim::Host& host, storage::MemoryStorage& storage,
         Attempts& attempts, Judge& judge)
      : host_(host), attempts_(attempts), judge_(judge), queue(config, host.system(), storage) {
    queue.connect(
        {.destination_of = [this](const Recipient& recipient) { return destination_of(recipient); },
         .start_worker =
             [this](const std::string& destination) { host_.spawn("worker", work(destination)); },
         .compose_notice = &compose_notice});
  }

  io::Task<> start() {
    const Result<> begun = co_await queue.start();
    EXPECT_TRUE(begun);
    started = true;
  }

 private:
  io::Task<> work(std::string destination) {
    for (;;) {
      std::optional<Job> job = co_await queue.next(
          {.destination = destination, .hosts = {}, .idle = std::chrono::seconds(2)});
      if (!job) co_return;
      co_await host_.system().clock.sleep_for(std::chrono::milliseconds(10));
      co_await attempt(std::move(*job));
    }
  }

  io::Task<> attempt(Job job) {
    std::string body;
    for (std::uint32_t i = 0; i < job.envelope->chunk_count; ++i) {
      const Result<Bytes> chunk = co_await queue.chunk(job, i);
      EXPECT_TRUE(chunk);
      if (chunk) body += chunk->view();
    }
    attempts_.all.emplace_back(job.envelope->id, job.destination, job.recipients.size(),
                               host_.system().clock.now(), body);
    std::vector<Outcome> outcomes;
    for (const std::uint32_t recipient : job.recipients) {
      outcomes.push_back(judge_(job, recipient));
      if (outcomes.back().state == State::relayed)
        attempts_.relayed.emplace(job.envelope->id, recipient);
    }
    co_await queue.report(std::move(job), std::move(outcomes));
  }

  sim::Host& host_;
  Attempts& attempts_;
  Judge& judge_;

 public:
  std::function<std::string(const Recipient&)> destination_of = &domain_of;
  Queue queue;
  bool started = false;
};

}  // namespace veredus::queue
