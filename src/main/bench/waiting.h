// How both sides wait for the other.

#pragma once

#include "base/result.h"
#include "base/time.h"
#include "io/connection.h"
#include "io/task.h"

namespace veredus::bench {

/// Sends what was put, then waits for input to grow: without a buffer while nothing is there, for
/// there may be thousands of connections, and without a read that is certain to find nothing, for
/// who has just asked or answered always waits. Errors: as io::Connection::read_more().
io::Task<Result<>> await_input(io::Connection& connection, Duration deadline);

}  // namespace veredus::bench
