// Message-ID: made for mail that was submitted without one, and read from what others wrote.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace veredus::mime {

/// "<time.random@hostname>" with the angle brackets (RFC 5322 §3.6.4). Unique as long as
/// `random` is; tells nothing but the time and the host.
std::string make_message_id(std::chrono::system_clock::time_point time, std::uint64_t random,
                            std::string_view hostname);

/// The msg-id of a Message-ID field, without <>; white space and comments inside it
/// (RFC 5322 §4.5.4) removed, what stands around it skipped.
///
///   msg-id = [CFWS] "<" id-left "@" id-right ">" [CFWS]
///
/// Tolerant of ids without "@" or with two: they are in use and name a message all the same.
/// Errors: malformed (no <>, or nothing inside).
[[nodiscard]] Result<std::string> parse_message_id(std::string_view body);

/// Every id of References, In-Reply-To and the like, in order, without <>. Words outside of <>
/// are skipped; a body without any <> is one id as it stands. At most `ids_max` of them.
std::vector<std::string> message_ids(std::string_view body, std::size_t ids_max = 1000);

}  // namespace veredus::mime
