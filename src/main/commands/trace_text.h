// A message's story, for people to read.

#pragma once

#include <string>
#include <string_view>

#include <boost/json/array.hpp>

namespace veredus::commands {

/// Events (mail/manage/trace_view.h), one line each, with what was said below; a line with the date
/// where that changes.
std::string timeline(const boost::json::array& events);

/// A line of the request `trace`:
///
///   6H0KD08ANRTR1  from <me@client.example> to <you@far.example>, 363 octets, on 2026-11-23 (UTC)
///     18:38:43.286  +0.0 s    accepted from 127.0.0.1:47310 (client.example) by ESMTP, ...
///     18:38:43.298  +0.0 s    attempt 1 for <you@far.example> by mx:far.example, 12 ms: deferred
///                             mx.far.example [192.0.2.9:25] said: 451 4.7.1 try later
///     now                     <you@far.example>: It waits for ...
std::string story_entry(std::string_view line);

}  // namespace veredus::commands
