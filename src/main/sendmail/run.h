// sendmail(1) from its options to its exit code: handing in one message, or speaking SMTP.

#pragma once

#include "main/sendmail/options.h"

namespace veredus::sendmail {

/// Hands in the message on standard input (Mode::message). Returns an exit code of sysexits.h:
///
///     0   EX_OK           the server has it, or the drop folder
///     64  EX_USAGE        bad options or addresses
///     65  EX_DATAERR      no mail can be made of the message, or it is too large
///     67  EX_NOUSER       a recipient does not exist (the others get the message)
///     69  EX_UNAVAILABLE  the server refused the message or a recipient for another reason
///     74  EX_IOERR        standard input cannot be read
///     75  EX_TEMPFAIL     neither the server nor the drop folder takes it now
///     77  EX_NOPERM       this user may not
///     78  EX_CONFIG       the configuration cannot be read
int hand_in(const Options& options);

/// Joins standard input and output to the server (Mode::smtp).
int speak_smtp(const Options& options);

/// What the options are.
int print_help();

}  // namespace veredus::sendmail
