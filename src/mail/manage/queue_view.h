// A queued message as programs see it: one JSON object.

#pragma once

#include <string>

#include "base/time.h"
#include "mail/queue/queue.h"

namespace veredus::manage {

/// On one line, without a newline at its end:
///
///   {"id":"01J8...","received":"2026-01-02T03:04:05Z","age_seconds":12,"size":4096,
///    "sender":"me@client.example","client":"192.0.2.7:4711","helo":"...","protocol":"ESMTP",
///    "message_id":"<...>","recipients":[{"address":"you@far.example","original":"",
///    "state":"deferred","attempts":3,"next_attempt":"...","last_attempt":"...",
///    "reply":"451 4.7.1 ...","remote":"mx.far.example [192.0.2.9]"}]}
///
/// The null sender is "". Times that are not set are null; `reply` and `remote` as in
/// queue::Standing. Octets that are not UTF-8 are shown as \xNN.
std::string to_json(const queue::Listed& listed, WallTime now);

}  // namespace veredus::manage
