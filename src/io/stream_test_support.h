// For tests and benchmarks: what a stream without a socket has besides its reads and writes.

#pragma once

#include "io/stream.h"

namespace veredus::io {

class SocketlessStream : public Stream {
 public:
  explicit SocketlessStream(std::string_view peer) : peer_(*Endpoint::parse(peer)) {}

  void cancel_read() noexcept override {}
  Task<> shutdown() override { co_return; }
  void close() noexcept override {}
  const Endpoint& peer() const noexcept override { return peer_; }
  const Endpoint& local() const noexcept override { return peer_; }

 private:
  Endpoint peer_;
};

}  // namespace veredus::io
