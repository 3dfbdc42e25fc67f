// The part of a notice that people read.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "mail/notice/returned.h"
#include "mail/notice/subject.h"
#include "mail/queue/notice.h"

namespace veredus::notice {

/// Plain text in UTF-8, lines that end with CRLF: what happened to which recipients, why, what
/// can be done, what the other server said, and what `returned` is not. At least one subject.
std::string text_part(const queue::NoticeRequest& request, std::span<const Subject> subjects,
                      std::string_view hostname, const Returned& returned);

}  // namespace veredus::notice
