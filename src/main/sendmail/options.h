// The command line of sendmail(1), as programs of forty years write it.
//
// Options may stand together (-tii) and bring their value in the same word or the next (-fANN,
// -f ANN). What has no meaning here, but does no harm when it is ignored, is ignored:
//
//     -Ax -d[x] -e[mepqw] -G -hN -Lx -m -n -px -U -Xfile     and of -o, -O all but those below
//
// -oi (also -o i, -O IgnoreDots) is -i. -odX, -oeX, -om, -o7, -o8 and the others of sendmail.cf
// change how mail is queued or errors are told; here it is always queued, and errors are always
// told by exit code and on standard error.

#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wire/smtp/params.h"

namespace veredus::sendmail {

enum class Mode : std::uint8_t {
  message,      ///< Hand in the message on standard input (-bm, -ba and without -b).
  smtp,         ///< Speak SMTP on standard input and output (-bs).
  print_queue,  ///< As mailq (-bp).
  retry,        ///< Try everything now (-q, -qXYZ).
  new_aliases,  ///< As newaliases (-bi, -I).
  help,         ///< --help
};

struct Options {
  Mode mode = Mode::message;
  bool recipients_from_header = false;  ///< -t
  bool dot_ends = true;                 ///< Not with -i, -oi.
  bool verbose = false;                 ///< -v
  std::optional<std::string> sender;    ///< -f, -r; "" and "<>" are the null sender.
  std::string full_name;                ///< -F
  std::optional<smtp::Notify> notify;   ///< -N
  std::optional<smtp::Ret> ret;         ///< -R
  std::optional<std::string> envid;     ///< -V
  std::string configuration;            ///< -C, --config: ours, not a sendmail.cf.
  bool development = false;             ///< --dev
  std::vector<std::string> recipients;  ///< As they stand there; each may be a list.
};

/// `arguments` without the program's name. The error is a sentence for whoever wrote them.
[[nodiscard]] std::expected<Options, std::string> parse_options(
    std::span<const char* const> arguments);

}  // namespace veredus::sendmail
