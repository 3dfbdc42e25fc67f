// Dialogs as text: what a client says, what the server must answer, and what must arrive.
//
//   # A comment, for instance the RFC.
//   = set accept.recipients_max 100   the server is configured so (keys: dialog_config.cc)
//   = plain_wires                     the network cuts nothing into small pieces: for megabytes
//   = client 203.0.113.9              connect from here from now on; 192.0.2.9, where a dialog
//                                     begins, may relay, and others may not
//   = connect                         leave, and come again; the first time it happens by itself
//   = crowd 2                         so many more connections from there, which say nothing
//
//   S: 220 *                    the next line; each * stands for any run of characters
//   S+ 250 HELP                 the next reply, of any number of lines; the last one is this
//   C: EHLO client.example      sent with CRLF; lines that follow each other go in one packet
//   C~ two\r\nlines\x00         sent as is, escapes \r \n \t \\ \xNN, no CRLF added
//   = octets 5000 ab\r\n        so many octets are sent, of this text again and again
//   = repeat 100 C: NOOP        the line stands there so often (C:, C~, S: or S+)
//   = bytewise                  from now on each octet goes in a packet of its own
//
//   = wait 301                  so many seconds of virtual time pass
//   = quiet                     the server says nothing for a second, and does not close
//   = closed                    the server closes the connection, having said nothing more
//   = drop                      the client cuts the connection
//   = stop                      the server begins to shut down
//   = disk full                 its next commit fails for want of space ("broken": by an I/O error)
//
//   = mailbox example.test/you  the next mail of this mailbox, which comes within a minute, is:
//   M: Return-Path: <a@b.test>  its lines, one by one, * as above; "M: ..." is any number of lines
//   = nothing example.test/you  no further mail comes there within a minute

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "main/assembly/assembly.h"

namespace veredus::testing {

/// One thing to do or to see.
struct Step {
  enum class Kind : std::uint8_t {
    client,
    connect,
    crowd,
    expect_line,
    expect_reply,
    send,
    bytewise,
    wait,
    quiet,
    closed,
    drop,
    stop,
    disk,
    mailbox,
    nothing,
  };
  Kind kind = Kind::connect;
  std::string text;                 ///< A pattern, octets to send, an address or a mailbox.
  std::uint64_t number = 0;         ///< Seconds or connections.
  std::size_t line = 0;             ///< Where it stands, from 1.
  std::vector<std::string> mail{};  ///< Patterns of a mail's lines.
};

struct Script {
  AssemblyConfig config;
  bool plain_wires = false;
  std::vector<Step> steps;
};

/// Reads a dialog; `config` is what its `= set` lines change.
/// Errors: malformed, with the number of the line.
[[nodiscard]] Result<Script> parse_dialog(std::string_view dialog, AssemblyConfig config);

/// Octets to be sent next: one packet with those that were to be sent just before.
void add_send(std::vector<Step>& steps, std::string octets, std::size_t line);

/// Changes one value by its key, e.g. accept.recipients_max. False: no such key, or no such value.
bool set_value(AssemblyConfig& config, std::string_view key, std::string_view value);

}  // namespace veredus::testing
