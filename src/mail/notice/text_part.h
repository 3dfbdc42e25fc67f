// The part of a notice that people read.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "mail/notice/returned.h"
#include "mail/notice/subject.h"
#include "mail/queue/notice.h"

namespace veredus::notice {

/// `text` fit to stand on a line for people: UTF-8 stays, anything else that is not printable
/// ASCII, and what changes the direction or the order of a line, as \xNN.
std::string shown(std::string_view text, std::size_t octets_max = 2000);

/// Plain text in UTF-8, lines that end with CRLF: what happened to which recipients, why, what
/// can be done, what the other server said, and what `returned` is not. At least one subject.
std::string text_part(const queue::NoticeRequest& request, std::span<const Subject> subjects,
                      std::string_view hostname, const Returned& returned);

}  // namespace veredus::notice
