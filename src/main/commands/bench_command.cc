#include <atomic>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <fstream>
#include <future>
#include <iostream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "io/kernel_random.h"
#include "io/process.h"
#include "io/reactors.h"
#include "io/real_clock.h"
#include "io/signals.h"
#include "io/tcp.h"
#include "main/bench/mailing.h"
#include "main/bench/report.h"
#include "main/bench/sink.h"
#include "main/bench/source.h"
#include "main/commands/command.h"
#include "main/commands/configuration.h"
#include "wire/smtp/address.h"

namespace veredus::commands {
namespace {

constexpr std::uint64_t kMessagesMax = 1'000'000'000;
constexpr std::uint64_t kSessionsMax = 50'000;
constexpr std::uint64_t kOctetsMax = 1'000'000'000;
constexpr std::uint64_t kThreadsMax = 64;
constexpr double kRateMax = 1e7;
constexpr std::chrono::milliseconds kCountsPause{100};

struct SourceOptions {
  std::string server;
  std::uint64_t messages = 0;
  std::uint64_t sessions = 0;
  std::uint64_t size = 4096;
  std::string from;
  std::string to;
  std::uint64_t domains = 0;
  bool reconnect = false;
  std::string rate;
  bool starttls = false;
  bool tls_on_connect = false;
  std::string auth_user;
  std::string auth_password_file;
  bool no_pipelining = false;
  std::uint64_t threads = 1;
  std::uint64_t deadline_seconds = 300;
  bool json = false;
};

struct SinkOptions {
  std::string listen;
  std::string latency;
  std::string fail_rate;
  std::string refuse_rate;
  std::string certificate;
  std::string key;
  std::uint64_t seed = 1;
  std::uint64_t threads = 1;
  std::uint64_t expect = 0;
  std::uint64_t seconds_max = 0;
};

/// A number from 0 to `most`, or 0 for an empty text. Errors: malformed, naming `option`.
Result<double> read_number(const std::string& option, std::string_view text, double most) {
  if (text.empty()) return 0.0;
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || !(number >= 0 && number <= most))
    return fail(Fault::malformed,
                fmt::format("{}: {} is no number from 0 to {}", option, printable(text), most));
  return number;
}

/// As `50ms` or `1.5s`. Errors: malformed.
Result<Duration> read_latency(std::string_view text) {
  if (text.empty()) return Duration::zero();
  const bool in_milliseconds = text.ends_with("ms");
  if (!in_milliseconds && !text.ends_with('s'))
    return fail(Fault::malformed,
                "--latency: " + printable(text) + R"( is no time such as "50ms")");
  text.remove_suffix(in_milliseconds ? 2 : 1);
  const auto number = read_number("--latency", text, 1e6);
  if (!number || text.empty())
    return fail(Fault::malformed, R"(--latency: write a time such as "50ms")");
  const std::chrono::duration<double, std::milli> time(in_milliseconds ? *number : *number * 1000);
  return std::chrono::duration_cast<Duration>(time);
}

/// As it is written between < and >. Errors: malformed.
Result<std::string> checked_address(const std::string& option, const std::string& text) {
  const auto address = smtp::Address::parse(text);
  if (address) return address->text();
  return fail(Fault::malformed, option + ' ' + printable(text) + ": " + address.error().text());
}

/// Nothing without a user. Errors: unavailable.
Result<Secret> read_auth(const SourceOptions& options) {
  if (options.auth_user.empty()) return Secret();
  if (options.auth_password_file.empty())
    return fail(Fault::malformed, "--auth-user needs --auth-password-file");
  std::ifstream file(options.auth_password_file, std::ios::binary);
  std::string password(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open() || file.bad())
    return fail(Fault::unavailable, options.auth_password_file + " cannot be read");
  while (password.ends_with('\n') || password.ends_with('\r')) password.pop_back();
  return bench::auth_plain(options.auth_user, Secret(std::move(password)));
}

/// Errors: malformed, unavailable.
Result<bench::Manner> make_manner(const SourceOptions& options, const std::string& sender) {
  bench::Manner manner{.helo = sender.substr(sender.rfind('@') + 1),
                       .pipelining = !options.no_pipelining,
                       .tls_from_the_start = options.tls_on_connect,
                       .deadline = std::chrono::seconds(options.deadline_seconds)};
  auto auth = read_auth(options);
  if (!auth) return fail(auth.error());
  manner.auth = std::move(*auth);
  if (!options.starttls && !options.tls_on_connect) return manner;
  auto client = io::TlsClient::load({});
  if (!client) return fail(client.error());
  manner.tls = std::move(*client);
  return manner;
}

/// Errors: malformed.
Result<bench::MailingOrder> make_mailing(const SourceOptions& options) {
  const auto sender = checked_address("--from", options.from);
  if (!sender) return fail(sender.error());
  const auto recipient = checked_address("--to", options.to);
  if (!recipient) return fail(recipient.error());
  return bench::MailingOrder{.sender = *sender,
                             .recipient = *recipient,
                             .domains = options.domains,
                             .octets = options.size,
                             .run = io::KernelRandom().next()};
}

bench::Tally run_source(bench::SourceOrder order, const bench::Mailing& mailing,
                        std::uint64_t threads) {
  io::raise_descriptor_limit();
  io::RealClock clock;
  io::SocketNetwork network;
  io::Reactors reactors;
  reactors.start(static_cast<unsigned>(threads));
  std::promise<void> finished;
  bench::Source source(std::move(order), mailing, {reactors.all(), network, clock},
                       [&] { finished.set_value(); });
  source.start();
  finished.get_future().wait();
  reactors.stop();
  reactors.clear();
  return source.tally();
}

int bench_source(const SourceOptions& options) {
  const auto mailing = make_mailing(options);
  if (!mailing) return complain(mailing.error(), kWrongUse);
  const auto rate = read_number("--rate", options.rate, kRateMax);
  if (!rate) return complain(rate.error(), kWrongUse);
  const auto server = io::resolve_endpoint(options.server, 25);
  if (!server) return complain(server.error(), kFailed);
  auto manner = make_manner(options, mailing->sender);
  if (!manner) return complain(manner.error(), kFailed);
  const bench::Tally tally =
      run_source({.server = *server,
                  .messages = options.messages,
                  .sessions = options.sessions,
                  .reconnect = options.reconnect,
                  .rate = *rate,
                  .manner = std::move(*manner)},
                 bench::Mailing(*mailing, std::chrono::system_clock::now()), options.threads);
  for (const std::string& reason : tally.reasons) std::cerr << reason << '\n';
  std::cout << (options.json ? bench::for_programs(tally) : bench::for_people(tally));
  return tally.accepted == options.messages ? kDone : kFailed;
}

/// Lets the main thread wait until the sink is to end.
class SinkEnd {
 public:
  /// From any thread.
  void come() {
    const std::scoped_lock lock(mutex_);
    come_ = true;
    changed_.notify_all();
  }
  /// True when it has come.
  bool wait_for(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time, [this] { return come_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool come_ = false;
};

void print(const bench::Sink::Counts& counts) {
  std::cout << "messages=" << counts.messages << " connections=" << counts.connections
            << " open=" << counts.open << std::endl;
}

/// Prints what changed until the end has come, or as many seconds are over (0: never). Returns
/// whether the end has come.
bool watch(const bench::Sink& sink, SinkEnd& end, std::uint64_t seconds_max) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds_max);
  bench::Sink::Counts shown;
  bool come = false;
  while (!come && (seconds_max == 0 || std::chrono::steady_clock::now() < until)) {
    come = end.wait_for(kCountsPause);
    const bench::Sink::Counts counts = sink.counts();
    if (!come && counts != shown) print(counts);
    shown = counts;
  }
  print(sink.counts());
  return come;
}

int run_sink(const bench::SinkOrder& order, const SinkOptions& options) {
  io::raise_descriptor_limit();
  io::RealClock clock;
  io::SocketNetwork network;
  SinkEnd end;
  io::Reactors reactors;
  reactors.start(static_cast<unsigned>(options.threads));
  const auto handled = io::handle_signals(reactors, {SIGTERM, SIGINT}, [&](int) { end.come(); });
  if (!handled) return complain(handled.error(), kFailed);
  bench::Sink sink(order, {reactors.all(), network, clock}, [&] { end.come(); });
  const auto at = sink.listen();
  bool come = false;
  if (at) {
    std::cout << "listening " << at->text() << std::endl;
    come = watch(sink, end, options.seconds_max);
  }
  reactors.stop();
  reactors.clear();
  if (!at) return complain(at.error(), kFailed);
  return come || order.expect == 0 ? kDone : kFailed;
}

/// Errors: malformed.
Result<bench::SinkOrder> make_sink_order(const SinkOptions& options, const io::Endpoint& listen) {
  const auto latency = read_latency(options.latency);
  if (!latency) return fail(latency.error());
  const auto fail_share = read_number("--fail-rate", options.fail_rate, 1);
  if (!fail_share) return fail(fail_share.error());
  const auto refuse_share = read_number("--refuse-rate", options.refuse_rate, 1);
  if (!refuse_share) return fail(refuse_share.error());
  if (options.certificate.empty() != options.key.empty())
    return fail(Fault::malformed, "--certificate and --key go together");
  return bench::SinkOrder{.listen = listen,
                          .latency = *latency,
                          .fail_share = *fail_share,
                          .refuse_share = *refuse_share,
                          .seed = options.seed,
                          .expect = options.expect};
}

int bench_sink(const SinkOptions& options) {
  const auto listen = io::resolve_endpoint(options.listen, 25);
  if (!listen) return complain(listen.error(), kFailed);
  auto order = make_sink_order(options, *listen);
  if (!order) return complain(order.error(), kWrongUse);
  if (!options.certificate.empty()) {
    auto tls = io::TlsServer::load({.certificates = {{options.certificate, options.key}}});
    if (!tls) return complain(tls.error(), kFailed);
    order->tls = std::move(*tls);
  }
  return run_sink(*order, options);
}

void add_message_options(const Command& command, SourceOptions& options) {
  command.option(
      {.names = "--server", .value = "HOST:PORT", .description = "Where to", .required = true},
      options.server);
  command.option({.names = "--messages",
                  .value = "N",
                  .description = "Send that many",
                  .required = true,
                  .least = 1,
                  .most = kMessagesMax},
                 options.messages);
  command.option({.names = "--size",
                  .value = "OCTETS",
                  .description = "Of a message's text, its header not counted; default: 4096",
                  .most = kOctetsMax},
                 options.size);
  command.option({.names = "--from", .value = "ADDR", .description = "Sender", .required = true},
                 options.from);
  command.option({.names = "--to", .value = "ADDR", .description = "Recipient", .required = true},
                 options.to);
  command.option({.names = "--domains",
                  .value = "N",
                  .description = "The Kth message goes to LOCAL@d<K mod N>.DOMAIN, of --to",
                  .least = 1,
                  .most = kMessagesMax},
                 options.domains);
}

void add_session_options(const Command& command, SourceOptions& options) {
  command.option({.names = "--sessions",
                  .value = "N",
                  .description = "Connections at the same time",
                  .required = true,
                  .least = 1,
                  .most = kSessionsMax},
                 options.sessions);
  command.flag(
      {.names = "--reconnect", .value = "", .description = "A new connection for each message"},
      options.reconnect);
  command.option({.names = "--rate",
                  .value = "R",
                  .description = "Message K is due K/R seconds after the start, and its latency "
                                 "counts from then. Default: each session sends when it has the "
                                 "reply to the last, and latency counts from MAIL"},
                 options.rate);
  command.flag({.names = "--no-pipelining",
                .value = "",
                .description = "Wait for the reply to each command, as smtp-source does"},
               options.no_pipelining);
  command.option({.names = "--threads",
                  .value = "N",
                  .description = "That share the sessions; default: 1",
                  .least = 1,
                  .most = kThreadsMax},
                 options.threads);
  command.option({.names = "--deadline",
                  .value = "SECONDS",
                  .description = "To wait for each reply; default: 300",
                  .least = 1,
                  .most = 86'400},
                 options.deadline_seconds);
}

void add_privacy_options(const Command& command, SourceOptions& options) {
  command.flag({.names = "--tls",
                .value = "",
                .description = "Begin TLS by STARTTLS; any certificate will do"},
               options.starttls);
  command.flag({.names = "--tls-on-connect",
                .value = "",
                .description = "TLS from the start, as on port 465",
                .excludes = "--tls"},
               options.tls_on_connect);
  command.option(
      {.names = "--auth-user", .value = "U", .description = "Authenticate, by AUTH PLAIN"},
      options.auth_user);
  command.option(
      {.names = "--auth-password-file", .value = "FILE", .description = "With the password"},
      options.auth_password_file);
}

void add_bench_source(const Command& bench) {
  const Command command =
      bench.add("source", "Send many messages to a server and say how long it took");
  auto options = std::make_shared<SourceOptions>();
  add_message_options(command, *options);
  add_session_options(command, *options);
  add_privacy_options(command, *options);
  command.flag({.names = "--json", .value = "", .description = "The result as one JSON object"},
               options->json);
  command.footer(
      "Sessions that are kept are all open before the first message, and time counts from then.\n"
      "Ends with 0 when every message was accepted, else with 1.");
  command.run([options] { return bench_source(*options); });
}

void add_behaviour_options(const Command& command, SinkOptions& options) {
  command.option({.names = "--latency",
                  .value = "DURATION",
                  .description = "Answer what was read that much later, such as 50ms"},
                 options.latency);
  command.option({.names = "--fail-rate",
                  .value = "SHARE",
                  .description = "Of messages, 0 to 1, that get 451 after the final dot"},
                 options.fail_rate);
  command.option({.names = "--refuse-rate",
                  .value = "SHARE",
                  .description = "Of recipients, 0 to 1, that get 550"},
                 options.refuse_rate);
  command.option(
      {.names = "--seed", .value = "N", .description = "Of which ones that are; default: 1"},
      options.seed);
  command.option(
      {.names = "--certificate", .value = "FILE", .description = "Offer STARTTLS with it (PEM)"},
      options.certificate);
  command.option({.names = "--key", .value = "FILE", .description = "Of the certificate (PEM)"},
                 options.key);
}

void add_bench_sink(const Command& bench) {
  const Command command =
      bench.add("sink", "Take all mail for anybody, keep none of it, and count it");
  auto options = std::make_shared<SinkOptions>();
  command.option({.names = "--listen",
                  .value = "HOST:PORT",
                  .description = "Where; port 0 is any that is free",
                  .required = true},
                 options->listen);
  add_behaviour_options(command, *options);
  command.option({.names = "--threads",
                  .value = "N",
                  .description = "That share the connections; default: 1",
                  .least = 1,
                  .most = kThreadsMax},
                 options->threads);
  command.option(
      {.names = "--expect", .value = "N", .description = "End when that many messages have come"},
      options->expect);
  command.option({.names = "--seconds-max",
                  .value = "S",
                  .description = "End then at the latest; with 1 where --expect was not met",
                  .most = 86'400},
                 options->seconds_max);
  command.footer(
      "Prints `listening HOST:PORT`, then, at most ten times a second, what has changed:\n"
      "`messages=<taken> connections=<all> open=<now>`; the last line at the end. SIGTERM or\n"
      "Ctrl-C ends it.");
  command.run([options] { return bench_sink(*options); });
}

}  // namespace

void add_bench(const Command& program) {
  const Command command = program.add("bench", "Make load, and take it, to measure mail servers");
  command.require_subcommand();
  add_bench_source(command);
  add_bench_sink(command);
}

}  // namespace veredus::commands
