#include "main/bench/waiting.h"

namespace veredus::bench {

io::Task<Result<>> await_input(io::Connection& connection, Duration deadline) {
  if (connection.has_output()) {
    const Result<> sent = co_await connection.flush(deadline);
    if (!sent) co_return sent;
  }
  if (connection.input().empty()) {
    const Result<> ready = co_await connection.wait_input(deadline);
    if (!ready) co_return ready;
  }
  co_return co_await connection.read_more(deadline);
}

}  // namespace veredus::bench
