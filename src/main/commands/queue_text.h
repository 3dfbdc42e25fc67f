// What is in the queue, for people to read. From the JSON of mail/manage, which has the same for
// programs.

#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace veredus::commands {

/// An answer's line. Answers are made by this program: one that is no object is a bug.
boost::json::object parse_line(std::string_view line);
/// A string member; empty for null and for none.
std::string_view text_in(const boost::json::object& object, std::string_view name);
/// A number; 0 for none.
std::uint64_t number_in(const boost::json::object& object, std::string_view name);

/// A message (mail/manage/queue_view.h): one paragraph, ending with a newline.
///
///   01J8XK3F2Q7RM  12 min old, 4.2 kB, from <me@client.example>
///     <you@far.example> deferred after 3 attempts, next at 2026-01-02T03:04:05Z
///       mx.far.example [192.0.2.9] said: 451 4.7.1 Try again later
std::string list_entry(std::string_view line);

/// The same with everything else that is known, and each attempt.
std::string show_entry(std::string_view line);

/// A group of `queue count` (mail/manage/summary.h).
std::string group_entry(const boost::json::object& group);
/// A line of `queue destinations`.
std::string destination_entry(std::string_view line);

}  // namespace veredus::commands
