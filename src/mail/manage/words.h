// Times, sizes and amounts as people say them.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace veredus::manage {

/// `40 s`, `12 min`, `3 h`, `4 days`, to the nearest; what is below zero counts as zero.
std::string duration_words(std::chrono::seconds duration);
/// `363 octets`, `4.2 kB`, `1.5 MB`.
std::string size_words(std::uint64_t octets);
/// `1 message`, `2 messages`.
std::string count_words(std::uint64_t count, std::string_view one);

/// `18:39:40 UTC`, with the date in front when that is not the one of `now`.
std::string clock_words(WallTime when, WallTime now);
/// clock_words() with `, in 57 s` or `, 2 min ago` behind it.
std::string when_words(WallTime when, WallTime now);

/// Who said what: `mx.far.example [192.0.2.9] said: 451 4.7.1 later` for a reply, without `said`
/// for a reason of our own, and that alone when there is no host.
std::string verdict_words(std::string_view remote, std::string_view reply);

}  // namespace veredus::manage
