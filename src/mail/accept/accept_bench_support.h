// For this folder's benchmarks: clients that cost next to nothing, and a storage that forgets.

#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/callback.h"
#include "io/stream_test_support.h"
#include "mail/accept/session.h"
#include "storage/storage.h"

namespace veredus::accept::support {

/// Header and lines, and the final dot.
inline std::string text_of_message() {
  constexpr std::size_t kTextOctetsMin = 4096;
  const std::string line = std::string(78, 'x') + "\r\n";
  std::string text = "From: sender@example.org\r\nSubject: many\r\n\r\n";
  while (text.size() < kTextOctetsMin) text += line;
  return text + ".\r\n";
}

/// Clients of this machine may send anywhere.
inline SharedSettings settings() {
  route::RouteConfig route;
  route.hostname = "mx.example.test";
  AcceptConfig accept;
  accept.hostname = "mx.example.test";
  return std::make_shared<const Settings>(
      accept, std::make_shared<const route::Router>(std::move(*route::Router::make(route))),
      policy::RelayRule(policy::RelayConfig{{*IpNetwork::parse("127.0.0.0/8")}}));
}

/// Every batch is "durable" at once, and thrown away: what remains is what its users cost.
class InstantStorage final : public storage::Storage {
 public:
  io::Task<Result<>> commit(storage::Batch batch) override {
    const storage::Batch ends_here = std::move(batch);
    co_return Result<>();
  }
  io::Task<Result<std::optional<std::string>>> get(storage::Space /*space*/,
                                                   std::string /*key*/) override {
    co_return std::nullopt;
  }
  io::Task<Result<std::vector<storage::KeyValue>>> scan(storage::Space /*space*/,
                                                        std::string /*from*/,
                                                        std::size_t /*limit*/) override {
    co_return std::vector<storage::KeyValue>();
  }
  io::Task<Result<>> append(storage::BlobId /*id*/, std::uint32_t /*chunk*/,
                            Bytes /*octets*/) override {
    co_return Result<>();
  }
  io::Task<Result<>> discard(storage::BlobId /*id*/, std::uint32_t /*chunk_count*/) override {
    co_return Result<>();
  }
  io::Task<Result<Bytes>> read(storage::BlobId /*id*/, std::uint32_t /*chunk*/) override {
    co_return fail(Fault::unavailable, "nothing is kept here");
  }
};

/// The messages that all clients together are to send: each takes the next one when it has sent
/// its last, so that all end at about the same time. Thread-safe.
class Supply {
 public:
  explicit Supply(std::int64_t messages) : left_(messages) {}

  bool take() { return left_.fetch_sub(1, std::memory_order_relaxed) > 0; }

  /// What a client has to tell at its end; `fault` is empty when all was as it should be.
  void add(std::int64_t accepted, const std::string& fault) {
    const std::scoped_lock lock(mutex_);
    accepted_ += accepted;
    if (fault_.empty()) fault_ = fault;
  }
  std::int64_t accepted() const { return accepted_; }
  const std::string& fault() const { return fault_; }

 private:
  std::atomic<std::int64_t> left_;
  std::mutex mutex_;
  std::int64_t accepted_ = 0;
  std::string fault_;
};

/// What a client says, ready to be sent, and the code of the reply that it waits for.
struct Turn {
  std::string octets;
  std::string_view code;
};

/// Waits for the greeting, greets, sends the same message time and again, and leaves.
class Script {
 public:
  static constexpr std::size_t kGreeting = 0;
  static constexpr std::size_t kMail = 2;
  static constexpr std::size_t kText = 5;
  static constexpr std::size_t kQuit = 6;

  /// `text` ends with the final dot.
  explicit Script(std::string text)
      : turns_{{{"", "220"},
                {"EHLO client.example.org\r\n", "250"},
                {"MAIL FROM:<sender@example.org>\r\n", "250"},
                {"RCPT TO:<recipient@destination.example>\r\n", "250"},
                {"DATA\r\n", "354"},
                {std::move(text), "250"},
                {"QUIT\r\n", "221"}}} {}

  const Turn& operator[](std::size_t turn) const { return turns_[turn]; }

 private:
  std::array<Turn, kQuit + 1> turns_;
};

/// Such a client, at the session's end of the connection. What it says next comes once the
/// session has replied and the reactor has had a turn, as from a socket; it says one thing at a
/// time, so the text comes after 354. It hangs up when a reply has another code.
class CannedClient final : public io::SocketlessStream {
 public:
  /// Both outlive it.
  CannedClient(const Script& script, Supply& supply)
      : SocketlessStream("127.0.0.1:4000"), script_(script), supply_(supply) {}
  ~CannedClient() override { supply_.add(accepted_, is_over_ ? fault_ : "a session broke off"); }
  CannedClient(const CannedClient&) = delete;
  CannedClient& operator=(const CannedClient&) = delete;

  io::Task<Result<>> wait_readable(Duration deadline) override {
    if (deadline == Duration::zero() && arrived_.empty())
      co_return fail(Fault::cancelled, "nothing yet");
    if (arrived_.empty()) co_await arrive();
    co_return Result<>();
  }
  io::Task<Result<std::size_t>> read_some(std::span<char> into, Duration /*deadline*/) override {
    if (arrived_.empty()) co_await arrive();
    const std::size_t size = std::min(into.size(), arrived_.size());
    std::ranges::copy(arrived_.substr(0, size), into.begin());
    arrived_.remove_prefix(size);
    co_return size;
  }
  io::Task<Result<>> write_all(std::vector<std::string_view> pieces,
                               Duration /*deadline*/) override {
    for (const std::string_view reply : pieces) take(reply);
    co_return Result<>();
  }
  io::Task<Result<>> write(const std::string& octets, Duration /*deadline*/) override {
    take(octets);
    co_return Result<>();
  }

 private:
  /// Nothing arrives any more when it is over: that is the end of file.
  io::Task<> arrive() {
    co_await io::await_callback<void>([](io::Resume<> resume) { resume(); });
    if (!is_over_ && !awaits_greeting() && said_) hang_up("no reply to " + script_[turn_].octets);
    if (is_over_) co_return;
    arrived_ = script_[turn_].octets;
    said_ = true;
  }
  bool awaits_greeting() const { return turn_ == Script::kGreeting; }

  void take(std::string_view reply) {
    if (!reply.starts_with(script_[turn_].code)) return hang_up(std::string(reply));
    said_ = false;
    if (turn_ == Script::kText) ++accepted_;
    if (turn_ == Script::kQuit)
      is_over_ = true;
    else if (turn_ + 1 == Script::kMail || turn_ == Script::kText)
      turn_ = supply_.take() ? Script::kMail : Script::kQuit;
    else
      ++turn_;
  }
  void hang_up(std::string fault) {
    fault_ = std::move(fault);
    is_over_ = true;
  }

  const Script& script_;
  Supply& supply_;
  std::size_t turn_ = Script::kGreeting;
  bool said_ = false;  ///< All of this turn was sent, and the reply is due.
  bool is_over_ = false;
  std::string_view arrived_;  ///< What the session has not read yet.
  std::int64_t accepted_ = 0;
  std::string fault_;
};

}  // namespace veredus::accept::support
