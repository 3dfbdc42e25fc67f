// Dialogs as text: what a client says and what the server must answer.
//
//   # A comment, for instance the RFC.
//   = client 203.0.113.9       connect from this address (default 192.0.2.9, which may relay)
//   S: 220 *                   the next line; each * stands for any run of characters
//   C: EHLO client.example     sent with CRLF; lines that follow each other go in one packet
//   C~ two\r\nlines\x00        sent as is, escapes \r \n \t \\ \xNN, no CRLF added
//   = repeat 100 NOOP          sends the line that often
//   = wait 301s                virtual time passes
//   = stop                     the server begins to shut down
//   = closed                   the server closes the connection, having said nothing more
//   = quiet                    it says nothing for a second, and does not close
//
// Between dialogs nothing is shared: each has a world of its own.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "main/assembly/assembly.h"

namespace veredus::testing {

/// Plays the dialog against a server of its own. Empty when all went as written; else what did
/// not, with the line's number.
std::string play(std::string_view dialog, const AssemblyConfig& config, std::uint64_t seed = 1);

/// True when `text` is what `pattern` says, `*` standing for any run of characters.
bool matches(std::string_view pattern, std::string_view text);

}  // namespace veredus::testing
