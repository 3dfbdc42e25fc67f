// Standard input and output of a command, joined to the server.

#pragma once

#include "base/result.h"
#include "io/endpoint.h"

namespace veredus::io {

/// Connects to a Unix socket and passes on what comes, standard input to it and what it says to
/// standard output, until it closes the connection. The end of standard input is passed on too.
/// Blocks. Errors: unavailable (nobody listens there), refused (we may not connect).
[[nodiscard]] Result<> join_standard_streams(const Endpoint& socket);

}  // namespace veredus::io
