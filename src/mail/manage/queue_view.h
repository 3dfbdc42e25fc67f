// A queued message as programs see it: one JSON object.

#pragma once

#include <cstdint>
#include <vector>

#include <boost/json/fwd.hpp>

#include "mail/manage/destinations.h"
#include "mail/manage/filter.h"
#include "mail/queue/queue.h"

namespace veredus::manage {

/// The message with those of its recipients that `recipients` names, by index:
///
///   {"id":"01J8...","received":"2026-01-02T03:04:05Z","age_seconds":12,"size":4096,
///    "sender":"me@client.example","client":"192.0.2.7:4711","helo":"...","protocol":"ESMTP",
///    "account":"","message_id":"<...>","recipients":[{"address":"you@far.example","original":"",
///    "state":"deferred","held":false,"destination":"mx:far.example","rerouted":false,
///    "attempts":3,"next_attempt":"...","last_attempt":"...","sender_warned":false,
///    "reply":"451 4.7.1 ...","remote":"mx.far.example [192.0.2.9]"}]}
///
/// A recipient of which nothing was said yet because its destination is left alone after failures,
/// or paused by an operator, has this besides, when `destinations` are given (null: not known):
///
///   "destination_paused":{"by_operator":false,"until":"2026-01-02T03:14:05Z",
///    "last_error":"4.4.1 Cannot connect: Connection refused"}
///
/// The null sender is "". Times that are not set are null; `reply` and `remote` as in
/// queue::Standing. What is not fit to be shown is escaped: see readable().
boost::json::object queue_view(const queue::Listed& listed,
                               const std::vector<std::uint32_t>& recipients, const Vantage& vantage,
                               const Destinations* destinations = nullptr);

/// Every recipient's index.
std::vector<std::uint32_t> all_recipients(const queue::Listed& listed);

}  // namespace veredus::manage
