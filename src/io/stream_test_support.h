// For tests and benchmarks: what a stream without a socket has besides its reads and writes.

#pragma once

#include <string>
#include <string_view>
#include <vector>

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

/// Whatever is written is taken, and goes nowhere.
class DeafStream : public SocketlessStream {
 public:
  using SocketlessStream::SocketlessStream;

  Task<Result<>> write_all(std::vector<std::string_view> /*pieces*/,
                           Duration /*deadline*/) override {
    co_return Result<>();
  }
  Task<Result<>> write(const std::string& /*octets*/, Duration /*deadline*/) override {
    co_return Result<>();
  }
};

}  // namespace veredus::io
