// A message that was handed over while no server ran, as a file: sendmail(1) writes it, the server
// takes it in.
//
//     veredus-drop 1
//     FROM:<ann@example.org> SIZE=57 RET=HDRS
//     TO:<bob@example.com> NOTIFY=NEVER
//     TO:<eve@example.com>
//
//     the message, SIZE octets, to the end of the file
//
// The lines are the arguments of MAIL and RCPT (RFC 5321 §4.1.1) and end with LF. A newer version
// has another first line. Who wrote it is the owner of the file, whatever it says itself.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/smtp/address.h"
#include "wire/smtp/params.h"

namespace veredus::accept {

struct DropFile {
  struct Recipient {
    smtp::ForwardPath path;
    smtp::RcptParams params;
    friend bool operator==(const Recipient&, const Recipient&) = default;
  };

  smtp::ReversePath sender;
  smtp::MailParams params;            ///< `size` is that of the message.
  std::vector<Recipient> recipients;  ///< 1 to kDropRecipientsMax.
};
inline constexpr std::size_t kDropRecipientsMax = 1000;
/// Of all before the message: a file with as many recipients as there may be has fewer.
inline constexpr std::size_t kDropHeadOctetsMax = 2 * 1024 * 1024;

/// The whole file; `params.size` is taken from `message`.
std::string encode(DropFile file, std::string_view message);

struct ReadDropFile {
  DropFile file;
  std::size_t message_offset = 0;  ///< In what was read; the message goes to its end.
};
/// Errors: malformed, saying what is wrong: anybody may have written it.
[[nodiscard]] Result<ReadDropFile> decode_drop_file(std::string_view octets);

}  // namespace veredus::accept
