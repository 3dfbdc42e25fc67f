// What TLS costs for one relayed message on sessions that are kept, which take turns, both ends in
// one thread: by OpenSSL alone, which nobody can undercut who uses it, and by what puts it on top
// of a Stream.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <boost/asio/co_spawn.hpp>

#include "base/counted_bench_support.h"
#include "io/asio.h"
#include "io/stream_test_support.h"
#include "io/temporary_folder.h"
#include "io/tls/engine.h"
#include "io/tls/openssl.h"

namespace veredus::io {
namespace {

constexpr Duration kDeadline = std::chrono::seconds(300);
constexpr std::size_t kBetweenOctets = 64UL * 1024;
constexpr std::size_t kReadOctets = 32UL * 1024;

/// What is written at once, in its pieces.
struct Record {
  bool by_client;
  std::vector<std::string> pieces;

  std::string text() const {
    std::string all;
    for (const std::string& piece : pieces) all += piece;
    return all;
  }
};

/// A message of 4 KiB as it comes in, and as it goes out with the next one offered behind it. The
/// server that relays it reads half of these records and writes the others, as client or server.
std::vector<Record> records_of_a_message() {
  const std::string offer =
      "MAIL FROM:<me@client.example>\r\nRCPT TO:<you@far.example>\r\nDATA\r\n";
  const std::string offer_behind =
      "MAIL FROM:<me@client.example> SIZE=4534\r\nRCPT TO:<you@far.example>\r\nDATA\r\n";
  return {
      {true, {offer}},
      {false,
       {"250 2.1.0 Sender ok\r\n250 2.1.5 Recipient ok\r\n",
        "354 End the message with a dot on a line of its own\r\n"}},
      {true, {std::string(62, 'X'), std::string(4213, 'X') + "\r\n.\r\n"}},
      {false, {"250 2.0.0 Queued as 1ABCDEFGHIJKL\r\n"}},
      {true, {std::string(4464, 'X') + "\r\n", ".\r\n", offer_behind}},
      {false, {"250 2.0.0 Ok\r\n250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 Go\r\n"}},
  };
}

void expect(bool is_so) {
  if (!is_so) std::abort();
}

/// Contexts of both sides, with a certificate for the server's.
struct Sides {
  explicit Sides(bool keeps_buffers) {
    const TemporaryFolder folder;
    const TlsCertificate files{folder.path() + "/mx.pem", folder.path() + "/mx.key"};
    expect(make_self_signed({"mx.example"}, files).has_value());
    expect(tls::use_certificate(server.get(), files).has_value());
    SSL_CTX_set_num_tickets(server.get(), 0);  // So that nothing else is on the wire.
    for (SSL_CTX* side : {server.get(), client.get()})
      if (keeps_buffers) SSL_CTX_clear_mode(side, SSL_MODE_RELEASE_BUFFERS);
  }

  tls::Context server = tls::make_context(TLS_server_method(), TlsVersion::tls_1_3);
  tls::Context client = tls::make_context(TLS_client_method(), TlsVersion::tls_1_3);
};

/// Two ends that have shaken hands. OpenSSL's pair of BIOs is between them.
struct Ends {
  explicit Ends(const Sides& sides)
      : server(SSL_new(sides.server.get())), client(SSL_new(sides.client.get())) {
    BIO* at_server = nullptr;
    BIO* at_client = nullptr;
    expect(BIO_new_bio_pair(&at_server, kBetweenOctets, &at_client, kBetweenOctets) == 1);
    SSL_set_bio(server.get(), at_server, at_server);
    SSL_set_bio(client.get(), at_client, at_client);
    SSL_set_accept_state(server.get());
    SSL_set_connect_state(client.get());
    for (int flights = 0; flights < 3; ++flights) {
      SSL_do_handshake(client.get());
      SSL_do_handshake(server.get());
    }
    expect(SSL_is_init_finished(server.get()) != 0 && SSL_is_init_finished(client.get()) != 0);
  }

  tls::Handle server;
  tls::Handle client;
};

std::vector<Ends> sessions(benchmark::State& state, bool keeps_buffers) {
  const Sides sides(keeps_buffers);
  std::vector<Ends> all;
  for (std::int64_t i = 0; i < state.range(0); ++i) all.emplace_back(sides);
  return all;
}

void openssl_alone(benchmark::State& state) {
  const std::vector<Ends> all = sessions(state, state.range(1) == 1);
  std::vector<std::pair<bool, std::string>> texts;
  for (const Record& record : records_of_a_message())
    texts.emplace_back(record.by_client, record.text());
  const auto buffer = std::make_unique<char[]>(kReadOctets);
  std::size_t turn = 0;
  for (auto _ : state) {
    const Ends& ends = all[turn++ % all.size()];
    for (const auto& [by_client, text] : texts) {
      SSL* writer = by_client ? ends.client.get() : ends.server.get();
      SSL* reader = by_client ? ends.server.get() : ends.client.get();
      std::size_t written = 0;
      std::size_t read = 0;
      SSL_write_ex(writer, text.data(), text.size(), &written);
      SSL_read_ex(reader, buffer.get(), kReadOctets, &read);
      if (read != text.size()) return state.SkipWithError("a record did not come");
    }
  }
}
BENCHMARK(openssl_alone)
    ->ArgNames({"sessions", "keeps_buffers"})
    ->ArgsProduct({{1, 20}, {0, 1}})
    ->Apply(counted);

/// One end of a connection in memory: it reads what the other end wrote.
class MemoryStream final : public SocketlessStream {
 public:
  MemoryStream() : SocketlessStream("127.0.0.1:4000") {}
  void connect(MemoryStream& other) { other_ = &other; }

  Task<Result<>> wait_readable(Duration /*deadline*/) override { co_return Result<>(); }
  Task<Result<std::size_t>> read_some(std::span<char> into, Duration /*deadline*/) override {
    const std::size_t count = arrived_.copy(into.data(), into.size());
    arrived_.erase(0, count);
    co_return count;
  }
  Task<Result<>> write_all(std::vector<std::string_view> pieces, Duration /*deadline*/) override {
    for (const std::string_view piece : pieces) other_->arrived_ += piece;
    co_return Result<>();
  }

 private:
  MemoryStream* other_ = nullptr;
  std::string arrived_;
};

/// A session with an engine at both ends.
struct Session {
  explicit Session(Ends ends)
      : client(std::move(ends.client), at_client), server(std::move(ends.server), at_server) {
    at_client.connect(at_server);
    at_server.connect(at_client);
  }

  MemoryStream at_client;
  MemoryStream at_server;
  tls::Engine client;
  tls::Engine server;
};

/// As Connection does it: wait, then read what came.
Task<> carry(benchmark::State& state, std::vector<std::unique_ptr<Session>>& all) {
  const std::vector<Record> records = records_of_a_message();
  const auto buffer = std::make_unique<char[]>(kReadOctets);
  std::size_t turn = 0;
  for (auto _ : state) {
    Session& session = *all[turn++ % all.size()];
    for (const Record& record : records) {
      tls::Engine& writer = record.by_client ? session.client : session.server;
      tls::Engine& reader = record.by_client ? session.server : session.client;
      std::vector<std::string_view> pieces(record.pieces.begin(), record.pieces.end());
      const Result<> written = co_await writer.write_all(std::move(pieces), kDeadline);
      const Result<> ready = co_await reader.wait_readable(kDeadline);
      const auto read = co_await reader.read_some({buffer.get(), kReadOctets}, kDeadline);
      if (!written || !ready || !read) {
        state.SkipWithError("a record did not come");
        co_return;
      }
    }
  }
}

void engine(benchmark::State& state) {
  std::vector<std::unique_ptr<Session>> all;
  for (Ends& ends : sessions(state, /*keeps_buffers=*/false))
    all.push_back(std::make_unique<Session>(std::move(ends)));
  asio::io_context context;
  asio::co_spawn(context, carry(state, all),
                 [](const std::exception_ptr& failed) { expect(failed == nullptr); });
  context.run();
}
BENCHMARK(engine)->ArgName("sessions")->Arg(1)->Arg(20)->Apply(counted);

}  // namespace
}  // namespace veredus::io
