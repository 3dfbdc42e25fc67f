// A queued message for people to read.

#pragma once

#include <string>
#include <string_view>

namespace veredus::commands {

/// From the JSON of mail/manage/queue_view.h: one paragraph, ending with a newline.
///
///   01J8XK3F2Q7RM  12 min old, 4.2 kB, from <me@client.example>
///     <you@far.example> deferred after 3 attempts, next at 2026-01-02T03:04:05Z
///       mx.far.example [192.0.2.9] said: 451 4.7.1 Try again later
std::string list_entry(std::string_view json);

/// The same with everything else that is known.
std::string show_entry(std::string_view json);

}  // namespace veredus::commands
