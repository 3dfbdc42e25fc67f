// For tests of deliveries: next hops that play a script, and a courier that meets them.

#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/text.h"
#include "io/connection.h"
#include "io/sim/world.h"
#include "mail/deliver/host_courier.h"
#include "storage/memory/memory_storage.h"
#include "wire/smtp/reply.h"

namespace veredus::deliver {

inline smtp::Address address(std::string_view text) { return smtp::Address::parse(text).value(); }

/// A next hop. Each connection plays the next of its scripts, line by line:
///   S: text      it says this line
///   part text    it says this without ending the line
///   drip text    it says this line, one octet a second
///   S~ text      it says this line and ends it with LF alone
///   C: text      it expects this line; a `*` at the end stands for anything
///   hello        as the first line: greeting and EHLO, announcing PIPELINING, 8BITMIME and SIZE
///   plain hello  the same, announcing nothing
///   cut          it closes at once
///   closed       it expects the client to be gone
///   wait 7       it does nothing for 7 seconds
///   tls          TLS begins, with `tls` as it stands
///   no tls       the same, and it comes to nothing
/// Outlives its tasks; a test reads `problems`.
class ScriptedHop {
 public:
  ScriptedHop(sim::Host& host, io::Endpoint endpoint, std::vector<std::string> scripts)
      : host_(host), scripts_(scripts.begin(), scripts.end()) {
    host_.spawn("hop", listen(std::move(endpoint)));
  }

  std::vector<std::string> problems;
  int connections = 0;
  std::shared_ptr<const io::TlsServer> tls;
  /// Every script was played to its end.
  bool is_done() const { return scripts_.empty() && playing_ == 0; }

 private:
  static constexpr std::string_view kHello =
      "S: 220 mx\nC: EHLO us.example.test\nS: 250-mx\nS: 250-PIPELINING\nS: 250-8BITMIME\n"
      "S: 250 SIZE 1000000\n";
  static constexpr std::string_view kPlainHello = "S: 220 mx\nC: EHLO us.example.test\nS: 250 mx\n";

  io::Task<> listen(io::Endpoint endpoint) {
    auto listener = host_.system().network.listen(endpoint);
    for (;;) {
      auto stream = co_await (*listener)->accept();
      if (!stream) co_return;
      ++connections;
      if (scripts_.empty()) {
        problems.emplace_back("one connection too many");
        continue;
      }
      host_.spawn("script", play(std::move(*stream), std::move(scripts_.front())));
      scripts_.pop_front();
    }
  }

  io::Task<> play(std::unique_ptr<io::Stream> stream, std::string script) {
    ++playing_;
    io::Connection connection(std::move(stream));
    std::istringstream lines(expand(script));
    for (std::string line; std::getline(lines, line);) {
      const bool goes_on = co_await step(connection, std::string(trim(line)));
      if (!goes_on) break;
    }
    co_await connection.flush(std::chrono::hours(1));
    co_await connection.shutdown();
    --playing_;
  }

  static std::string expand(const std::string& script) {
    for (const auto& [word, text] : {std::pair(std::string_view("plain hello\n"), kPlainHello),
                                     std::pair(std::string_view("hello\n"), kHello)})
      if (script.starts_with(word)) return std::string(text) + script.substr(word.size());
    return script;
  }

  io::Task<bool> step(io::Connection& connection, std::string line) {
    if (line.starts_with("S: ")) {
      connection.put(line.substr(3) + "\r\n");
    } else if (line.starts_with("S~ ")) {
      connection.put(line.substr(3) + "\n");
    } else if (line.starts_with("drip ")) {
      co_await drip(connection, line.substr(5) + "\r\n");
    } else if (line.starts_with("part ")) {
      connection.put(line.substr(5));
    } else if (line.starts_with("C:")) {
      const bool good = co_await expect(connection, line.size() > 3 ? line.substr(3) : "");
      co_return good;
    } else if (line == "cut") {
      connection.close();
      co_return false;
    } else if (line == "closed") {
      const auto rest = co_await connection.read_line(4096, std::chrono::hours(1));
      if (rest) problems.push_back("instead of closing: " + *rest);
    } else if (line.starts_with("wait ")) {
      co_await connection.flush(std::chrono::hours(1));
      co_await host_.sleep(std::chrono::seconds(*to_number<int>(line.substr(5))));
    } else if (line == "tls" || line == "no tls") {
      const bool begun = co_await begin_tls(connection);
      if (begun != (line == "tls")) problems.push_back("TLS has begun, or not: " + line);
      co_return begun;
    } else if (!line.empty()) {
      problems.push_back("not a line of a script: " + line);
    }
    co_return true;
  }

  io::Task<bool> begin_tls(io::Connection& connection) {
    co_await connection.flush(std::chrono::hours(1));
    const auto stream = connection.stream_to_cover();
    if (!stream) co_return false;
    const auto covered = co_await tls->accept(**stream, std::chrono::minutes(1));
    co_return covered.has_value();
  }

  io::Task<> drip(io::Connection& connection, std::string text) {
    for (const char octet : text) {
      connection.put(std::string_view(&octet, 1));
      co_await connection.flush(std::chrono::hours(1));
      co_await host_.sleep(std::chrono::seconds(1));
    }
  }

  io::Task<bool> expect(io::Connection& connection, std::string wanted) {
    const auto got = co_await connection.read_line(4096, std::chrono::hours(1));
    const std::string seen = got ? *got : "(" + got.error().text() + ")";
    const bool is_start = wanted.ends_with('*');
    if (is_start) wanted.pop_back();
    const bool good = got && (is_start ? seen.starts_with(wanted) : seen == wanted);
    if (!good) problems.push_back("expected '" + wanted + "', got '" + seen + "'");
    co_return good;
  }

  sim::Host& host_;
  std::deque<std::string> scripts_;
  int playing_ = 0;
};

/// A server without acceptance and schedule: jobs are made by the test.
class CourierTest : public ::testing::Test {
 protected:
  CourierTest() {
    config_.hostname = "us.example.test";
    config_.mail_folder = "/mail";
    route_.hostname = "us.example.test";
    route::DomainConfig& domain = route_.domains.emplace_back();
    domain.name = "example.test";
    domain.mailboxes = {"you", "other", "small"};
    domain.quotas = {{"small", 1000}};
  }
  /// Everybody must have said what the scripts have, and no task may have thrown.
  void TearDown() override {
    world_.run_for(std::chrono::hours(3));
    for (const ScriptedHop* hop : hops_) {
      for (const std::string& problem : hop->problems) ADD_FAILURE() << problem;
      EXPECT_TRUE(hop->is_done()) << "a script was not played to its end";
    }
    for (const std::string& failure : world_.failures()) ADD_FAILURE() << failure;
  }

  ScriptedHop& hop(std::string_view endpoint, std::vector<std::string> scripts) {
    auto& made = world_.outside().own<ScriptedHop>(
        world_.outside(), io::Endpoint::parse(endpoint).value(), std::move(scripts));
    hops_.push_back(&made);
    return made;
  }

  SharedSettings settings() const {
    return std::make_shared<const Settings>(
        Settings{config_,
                 std::make_shared<const route::Router>(route::Router::make(route_).value()),
                 {io::Endpoint::parse("192.0.2.1:25").value()},
                 tls_});
  }

  /// A message from al@client.example whose body is in memory. 8-bit when its text is.
  queue::Job job(const std::vector<std::string_view>& recipients, std::string text) {
    queue::Envelope envelope;
    envelope.id = QueueId{++ids_};
    envelope.sender = smtp::ReversePath(address("al@client.example"));
    for (const std::string_view recipient : recipients)
      envelope.recipients.push_back({address(recipient), {}, {}, {}, {}});
    const bool eight_bit =
        std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) > 127; });
    if (eight_bit) envelope.body = smtp::Body::eight_bit_mime;
    envelope.size = text.size();
    envelope.chunk_count = 1;
    envelope.received_at = world_.time().wall();
    queue::Job made;
    for (std::uint32_t i = 0; i < recipients.size(); ++i) made.recipients.push_back(i);
    made.chunks = {Bytes(std::move(text))};
    made.envelope = std::make_shared<const queue::Envelope>(std::move(envelope));
    return made;
  }

  /// Runs a task of the server to its end and gives its result.
  template <class T>
  T run(io::Task<T> task) {
    auto result = std::make_shared<std::optional<T>>();
    world_.spawn("test", keep(std::move(task), result));
    EXPECT_TRUE(world_.run_until([&result] { return result->has_value(); }));
    return std::move(**result);
  }
  template <class T>
  static io::Task<> keep(io::Task<T> task, std::shared_ptr<std::optional<T>> result) {
    T value = co_await std::move(task);
    result->emplace(std::move(value));
  }

  /// Every reason begins with a reply code or an enhanced status code of the state's class.
  static bool has_code(const queue::Outcome& outcome) {
    const std::string_view reply = outcome.reply;
    const bool is_reply = reply.size() >= 3 && std::ranges::all_of(reply.substr(0, 3), is_digit);
    if (is_reply) return true;
    const auto status = smtp::EnhancedStatus::parse(reply.substr(0, reply.find(' ')));
    const int wanted = outcome.state == queue::State::deferred ? 4
                       : outcome.state == queue::State::failed ? 5
                                                               : 2;
    return status && status->klass() == wanted;
  }

  /// "0 relayed 250 ok | 1 failed 550 no", in order of recipients; "!" marks the unreachable.
  static std::string text_of(std::vector<queue::Outcome> outcomes) {
    std::ranges::sort(outcomes, {}, &queue::Outcome::recipient);
    std::string text;
    for (const queue::Outcome& outcome : outcomes) {
      EXPECT_TRUE(has_code(outcome)) << outcome.reply;
      if (!text.empty()) text += " | ";
      text += std::to_string(outcome.recipient) + " " + std::string(queue::name(outcome.state)) +
              (outcome.unreachable ? "!" : "") + " " + outcome.reply;
    }
    return text;
  }

  HostCourier& courier(route::NextHop next_hop) {
    HostCourier::Surroundings surroundings{system_, queue_, memory_, sources_};
    return world_.server().own<HostCourier>(std::move(next_hop), settings(),
                                            std::move(surroundings));
  }
  /// One attempt by a courier of its own, connection ended in order.
  std::vector<queue::Outcome> outcomes_of(route::NextHop next_hop, const queue::Job& job) {
    HostCourier& made = courier(std::move(next_hop));
    auto outcomes = run(made.deliver(job));
    world_.spawn("finish", made.finish());
    return outcomes;
  }
  std::string attempt(route::NextHop next_hop, const queue::Job& job) {
    return text_of(outcomes_of(std::move(next_hop), job));
  }

  DeliverConfig config_;
  route::RouteConfig route_;
  std::shared_ptr<const io::TlsClientSource> tls_;
  std::vector<ScriptedHop*> hops_;
  sim::World world_{3};
  const io::System system_ = world_.system();
  storage::MemoryStorage storage_{world_.system().clock};
  queue::QueueConfig queue_config_;
  queue::Queue queue_{queue_config_, system_, storage_};
  HostMemory memory_;
  std::shared_ptr<SourcePool> sources_ = std::make_shared<SourcePool>(std::vector<IpAddress>());
  std::uint64_t ids_ = 0;
};

/// A transaction for one recipient that ends with this reply; the text is "x".
inline std::string taken(std::string_view reply) {
  return "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .\nS: " +
         std::string(reply) + "\n";
}
inline constexpr std::string_view kQuit = "C: QUIT\nS: 221 bye\n";

inline const route::NextHop kDomain = route::MxDomain{"x.example"};

/// x.example has two hosts: 203.0.113.1 before 203.0.113.2.
class HostsTest : public CourierTest {
 protected:
  HostsTest() {
    world_.dns().mx("x.example", 20, "b.x.example");
    world_.dns().mx("x.example", 10, "a.x.example");
    world_.dns().address("a.x.example", "203.0.113.1");
    world_.dns().address("b.x.example", "203.0.113.2");
  }
  ScriptedHop& first(std::vector<std::string> scripts) {
    return hop("203.0.113.1:25", std::move(scripts));
  }
  ScriptedHop& second(std::vector<std::string> scripts) {
    return hop("203.0.113.2:25", std::move(scripts));
  }
  queue::Job letter() { return job({"a@x.example"}, "x\r\n"); }
  /// A connection that takes one letter.
  static std::string take_and_quit(std::string_view reply = "250 taken") {
    return "plain hello\n" + taken(reply) + std::string(kQuit);
  }
};

}  // namespace veredus::deliver
