// The requests of operators: a JSON object in, JSON objects out. What carries them (the control
// socket, a command that reads the storage itself, HTTP) is the caller's business.
//
//   {"request":"queue_list","filter":{...},"limit":100}
//        one object a message (queue_view.h), in order of id
//   {"request":"queue_count","filter":{...},"by":"destination"}
//        one object a group (summary.h), then {"total":{...}}
//   {"request":"queue_show","id":"01J8..."}
//        one message, with "events" (trace_view.h); or nothing
//   {"request":"queue_cat","id":"01J8..."}
//        {"octets":"..."} in base64, as often as needed: the message as it is stored
//   {"request":"queue_why","subject":"01J8..."}      or an address, a domain, a destination
//        {"subject":...,"blocker":"back_off","text":"one paragraph"}, at least one
//   {"request":"queue_order","what":"retry","filter":{...},"all":false,"dry_run":false}
//        what: retry, hold, release, remove, bounce, reroute; "to":"host:port" for reroute (none:
//        where it would go by itself), "reason" for bounce and remove. With dry_run one object a
//        message that would be changed, with just the recipients that would; then
//        {"total":{"messages":N,"recipients":N,"changed":N,"missing":["01J8..."]}}
//   {"request":"destination_list"}
//        {"destination":"mx:far.example","workers":2,...} each
//   {"request":"destination_pause","destination":"mx:far.example"}   or a domain; _resume likewise
//        {"destination":"mx:far.example","paused":true}
//   {"request":"trace","subject":"01J8...","since":"2d"}   or an address, a Message-ID
//        {"id":...,"in_queue":true,"events":[...],"next":[...]} a message
//   {"request":"domain_add","domain":"x.example"}   domain_remove likewise; domain_list
//        {"domain":"x.example","accounts":N,"aliases":N,"created":...}
//   {"request":"account_add","address":"ann@x.example","password":"...","quota_bytes":N}
//   {"request":"account_list","domain":"x.example"}   account_show, account_remove: "address"
//   {"request":"account_set","address":...,"disabled":true,"quota_bytes":N,"recipients_per_hour":N,
//    "recipients_per_day":N,"send_as_add":"@x.example","send_as_remove":...}   what is not named
//    stays
//   {"request":"account_password","address":...,"password":"..."}
//   {"request":"app_password_add","address":...,"name":"phone","password":"...","for":["imap"]}
//   {"request":"app_password_remove","address":...,"name":"phone"}
//        the account as it is then: {"account":"ann@x.example","source":"storage",...}
//   {"request":"alias_add","address":"all@x.example","targets":["ann@x.example"]}   alias_remove,
//   alias_list
//        {"alias":"all@x.example","targets":[...],"created":...}
//   {"request":"status"}
//        {"messages":N,"sessions":N,"storage":{"commits":N,"writes":N,"flushes":N}}
//
// Between these, requests that go through the whole queue put
// {"progress":{"looked_at":N,"matched":N,"changed":N,"of":N}}; "of" is 0 when nobody knows.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "io/clock.h"
#include "io/task.h"
#include "io/workers.h"
#include "mail/directory/directory.h"
#include "mail/queue/queue.h"
#include "storage/storage.h"

namespace veredus::manage {

/// Counters of the running server.
struct Status {
  std::uint64_t messages = 0;
  std::uint64_t sessions = 0;
  std::uint64_t commits = 0;
  std::uint64_t writes = 0;
  std::uint64_t flushes = 0;
};

/// What requests are about. The parts outlive all that uses it.
struct Surroundings {
  io::Clock& clock;
  storage::Storage& storage;
  /// Null while no server runs: then what changes something is refused, and the rest is read from
  /// storage.
  queue::Queue* queue = nullptr;
  queue::Queue::DestinationOf destination_of;
  std::chrono::seconds expire{};         ///< QueueConfig::expire.
  std::chrono::seconds bounce_expire{};  ///< QueueConfig::bounce_expire.
  std::function<Status()> status;        ///< Empty while no server runs.
  /// Null: requests about accounts and the like are refused.
  directory::Directory* directory = nullptr;
  io::Workers* workers = nullptr;
};

/// Takes an answer's objects, one a line.
class LineSink {
 public:
  virtual ~LineSink() = default;
  /// Returns when there is room for the next one. Error: whoever asked is gone or too slow; the
  /// answer ends there.
  virtual io::Task<Result<>> put(std::string line) = 0;
};

/// Answers one request. `surroundings` and `sink` outlive the call, which holds one page of
/// messages in memory, however many there are. Errors, after which the answer is over: malformed
/// (the request), refused, unavailable; the text says what was wrong and what to do.
io::Task<Result<>> answer_request(const Surroundings& surroundings, std::string request,
                                  LineSink& sink);

}  // namespace veredus::manage
