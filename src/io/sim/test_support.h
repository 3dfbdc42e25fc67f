// Small actors for tests of simulated connections.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/sim/network.h"
#include "io/system.h"

namespace veredus::sim {

inline constexpr Duration kPatience = std::chrono::minutes(5);

inline io::Endpoint endpoint(std::string_view address, std::uint16_t port) {
  return io::Endpoint(IpAddress::parse(address).value(), port);
}

/// Awaits the task and keeps what it returned; `result` must outlive the task.
template <class T>
io::Task<> keep(io::Task<T> task, std::optional<T>& result) {
  T value = co_await std::move(task);
  result.emplace(std::move(value));
}

/// Reads to the end of file; stops at an error.
inline io::Task<Result<std::string>> read_all(io::Stream& stream) {
  std::string text;
  std::string buffer(4096, '\0');
  for (;;) {
    auto count = co_await stream.read_some(buffer, kPatience);
    if (!count) co_return fail(count.error());
    if (*count == 0) co_return text;
    text.append(buffer, 0, *count);
  }
}

inline io::Task<Result<>> write_text(io::Stream& stream, std::string text) {
  std::vector<std::string_view> pieces{text};
  co_return co_await stream.write_all(std::move(pieces), kPatience);
}

using Serve = io::Task<> (*)(std::unique_ptr<io::Stream>);

/// Accepts until cancelled, and runs `serve` for each client as a task of its own.
inline io::Task<> accept_all(io::System system, io::Endpoint at, Serve serve) {
  auto listener = system.network.listen(at);
  if (!listener) co_return;
  for (;;) {
    auto stream = co_await (*listener)->accept();
    if (!stream) co_return;
    system.reactors.front()->spawn("serve", serve(std::move(*stream)));
  }
}

/// Sends back what comes, until the end of file. More patient than its clients.
inline io::Task<> echo(std::unique_ptr<io::Stream> stream) {
  std::string buffer(4096, '\0');
  for (;;) {
    auto count = co_await stream->read_some(buffer, 2 * kPatience);
    if (!count || *count == 0) break;
    auto sent = co_await write_text(*stream, buffer.substr(0, *count));
    if (!sent) break;
  }
  co_await stream->shutdown();
}

/// Connects, says `text` and end of file, reads the answer to its end, and closes. The error tells
/// which step failed by its own text.
inline io::Task<Result<std::string>> ask(io::System system, io::Endpoint server, std::string text) {
  io::ConnectOptions options;
  options.deadline = std::chrono::minutes(1);
  auto stream = co_await system.network.connect(server, options);
  if (!stream) co_return fail(stream.error());
  auto sent = co_await write_text(**stream, std::move(text));
  if (!sent) co_return fail(sent.error());
  half_close(**stream);
  co_return co_await read_all(**stream);
}

}  // namespace veredus::sim
