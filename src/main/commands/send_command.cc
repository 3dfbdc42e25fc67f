#include <algorithm>
#include <chrono>
#include <fstream>
#include <future>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "io/kernel_random.h"
#include "io/process.h"
#include "io/reactors.h"
#include "io/real_clock.h"
#include "io/tcp.h"
#include "io/tls/client.h"
#include "main/commands/command.h"
#include "main/commands/configuration.h"
#include "main/commands/progress.h"
#include "main/send/message.h"
#include "main/send/run.h"
#include "wire/smtp/address.h"

namespace veredus::commands {
namespace {

constexpr const char* kDevelopmentServer = "127.0.0.1:2525";

struct SendOptions {
  std::string server = "127.0.0.1:25";
  bool development = false;
  std::string from;
  bool null_sender = false;
  std::vector<std::string> to;
  std::string helo;
  std::string body;
  std::string subject = "Hello from veredus send";
  std::uint64_t size = 0;
  std::uint64_t repeat = 1;
  std::uint64_t parallel = 1;
  std::uint64_t deadline_seconds = 300;
  bool starttls = false;
  bool tls_on_connect = false;
  bool verify = false;
  bool verbose = false;
};

Result<std::string> read_all(std::istream& in, const std::string& name) {
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in || in.bad()) return fail(Fault::unavailable, name + " cannot be read");
  return text;
}

/// Nothing when the message is to be our own.
Result<std::optional<std::string>> read_body(const std::string& path) {
  if (path.empty()) return std::optional<std::string>();
  if (path == "-") {
    auto text = read_all(std::cin, "standard input");
    if (!text) return fail(text.error());
    return std::optional(std::move(*text));
  }
  std::ifstream file(path, std::ios::binary);
  auto text = read_all(file, path);
  if (!text) return fail(text.error());
  return std::optional(std::move(*text));
}

void show_line(bool from_us, std::string_view line) {
  std::cerr << (from_us ? "C: " : "S: ") << line << '\n';
}

/// As it is written between < and >; an octet more could be a command of its own.
Result<std::string> checked_address(const std::string& text) {
  const auto address = smtp::Address::parse(text);
  if (!address) return fail(Fault::malformed, printable(text) + ": " + address.error().text());
  return address->text();
}

/// What goes into commands, made fit for it. Errors: malformed, naming what is not.
Result<> check_envelope(SendOptions& options) {
  if (!options.from.empty()) {
    auto sender = checked_address(options.from);
    if (!sender) return fail(sender.error());
    options.from = std::move(*sender);
  }
  for (std::string& recipient : options.to) {
    auto checked = checked_address(recipient);
    if (!checked) return fail(checked.error());
    recipient = std::move(*checked);
  }
  const bool is_word =
      std::ranges::all_of(options.helo, [](char c) { return c > ' ' && c < 0x7F; });
  if (!is_word) return fail(Fault::malformed, "--helo: " + printable(options.helo) + " is no name");
  return {};
}

send::Order make_order(const SendOptions& options, const io::Endpoint& server,
                       std::optional<std::string> body) {
  send::Order order{.server = server, .envelope = {}, .options = {}, .message = {}};
  const std::string domain = io::host_name();
  order.envelope.sender =
      options.from.empty() && !options.null_sender ? io::user_name() + '@' + domain : options.from;
  order.envelope.recipients = options.to;
  order.options.helo = options.helo.empty() ? domain : options.helo;
  order.options.deadline = std::chrono::seconds(options.deadline_seconds);
  if (options.verbose) order.options.show = show_line;
  order.repeat = options.repeat;
  order.parallel = static_cast<std::uint32_t>(options.parallel);
  if (body) {
    order.message = [text = std::move(*body)](std::uint64_t /*number*/) { return text; };
    return order;
  }
  io::KernelRandom random;
  send::Letter letter{order.envelope.sender, options.to,  options.subject, domain,
                      random.next(),         options.size};
  order.message = [letter = std::move(letter)](std::uint64_t number) {
    return send::write_letter(letter, number, std::chrono::system_clock::now());
  };
  return order;
}

/// `host` of host:port, without the brackets of an IPv6 address.
std::string host_of(std::string_view server) {
  if (server.starts_with('[')) return std::string(server.substr(1, server.find(']') - 1));
  return std::string(server.substr(0, server.find(':')));
}

Result<send::Privacy> make_privacy(const SendOptions& options, std::string_view server) {
  send::Privacy privacy;
  if (!options.starttls && !options.tls_on_connect && !options.verify) return privacy;
  auto client = io::TlsClient::load({});
  if (!client) return fail(client.error());
  privacy.client = std::move(*client);
  privacy.from_the_start = options.tls_on_connect;
  privacy.wish = {.name = host_of(server), .must_verify = options.verify};
  return privacy;
}

std::string percentile(std::vector<std::chrono::microseconds> times, std::size_t percent) {
  const auto at = times.begin() + static_cast<std::ptrdiff_t>((times.size() - 1) * percent / 100);
  std::ranges::nth_element(times, at);
  return fmt::format("{:.1f} ms", static_cast<double>(at->count()) / 1000);
}

int report(const send::Run& run, std::chrono::duration<double> took) {
  const send::Tally& tally = run.tally();
  for (const std::string& refusal : tally.refusals) std::cerr << refusal << '\n';
  if (run.order().repeat == 1) {
    if (tally.accepted == 1) std::cout << "Accepted: " << tally.last_reply << '\n';
  } else {
    std::cout << fmt::format("{} accepted, {} refused, {} failed, of {}, in {:.2f} s\n",
                             tally.accepted, tally.refused, tally.broken, run.order().repeat,
                             took.count());
    if (tally.accepted > 0)
      std::cout << fmt::format("{:.0f} a second; each took {} (median), {} (99 of 100)\n",
                               static_cast<double>(tally.accepted) / took.count(),
                               percentile(tally.times, 50), percentile(tally.times, 99));
  }
  const bool whole = tally.accepted == run.order().repeat && tally.refusals.empty();
  return whole ? kDone : kFailed;
}

int run_order(send::Order order) {
  io::RealClock clock;
  io::SocketNetwork network;
  io::Reactors reactors;
  reactors.start(1);
  Progress progress(order.repeat, "messages");
  std::promise<void> finished;
  std::optional<send::Run> run;
  run.emplace(
      std::move(order), send::Run::Surroundings{*reactors.all().front(), network, clock},
      [&] { progress.update(run->tally().done()); }, [&] { finished.set_value(); });
  const SteadyTime begun = clock.now();
  run->start();
  finished.get_future().wait();
  const auto took = clock.now() - begun;
  reactors.stop();
  reactors.clear();
  return report(*run, took);
}

int send_mail(SendOptions& options) {
  const Result<> checked = check_envelope(options);
  if (!checked) return complain(checked.error(), kWrongUse);
  const std::string name = options.development ? kDevelopmentServer : options.server;
  const auto server = io::resolve_endpoint(name, 25);
  if (!server) return complain(server.error(), kFailed);
  auto body = read_body(options.body);
  if (!body) return complain(body.error(), kFailed);
  auto privacy = make_privacy(options, name);
  if (!privacy) return complain(privacy.error(), kFailed);
  send::Order order = make_order(options, *server, std::move(*body));
  order.options.privacy = std::move(*privacy);
  return run_order(std::move(order));
}

void add_envelope_options(const Command& command, SendOptions& options) {
  command.option({.names = "-t,--to",
                  .value = "ADDRESS",
                  .description = "Recipient; may be given more than once",
                  .required = true},
                 options.to);
  command.option(
      {.names = "-f,--from", .value = "ADDRESS", .description = "Sender; default: you, here"},
      options.from);
  command.flag({.names = "--null-sender",
                .value = "",
                .description = "Send as bounces are sent, MAIL FROM:<>",
                .excludes = "--from"},
               options.null_sender);
  command.option({.names = "-s,--server",
                  .value = "HOST:PORT",
                  .description = "Where to; default: 127.0.0.1:25"},
                 options.server);
  command.flag({.names = "--dev",
                .value = "",
                .description = "To the server of `veredus serve --dev`",
                .excludes = "--server"},
               options.development);
  command.option({.names = "--helo",
                  .value = "NAME",
                  .description = "Our name in EHLO; default: this machine's"},
                 options.helo);
}

void add_message_options(const Command& command, SendOptions& options) {
  command.option({.names = "--body",
                  .value = "FILE",
                  .description = "The whole message, with header fields; - is standard input. "
                                 "Default: a short message of our own"},
                 options.body);
  command.option({.names = "--subject", .value = "TEXT", .description = "Of our own message"},
                 options.subject);
  command.option({.names = "--size",
                  .value = "N",
                  .description = "Octets of our own message",
                  .most = 1'000'000'000},
                 options.size);
}

void add_tls_options(const Command& command, SendOptions& options) {
  command.flag(
      {.names = "--tls", .value = "", .description = "Begin TLS by STARTTLS, or send nothing"},
      options.starttls);
  command.flag({.names = "--tls-on-connect",
                .value = "",
                .description = "TLS from the start, as on port 465",
                .excludes = "--tls"},
               options.tls_on_connect);
  command.flag({.names = "--verify",
                .value = "",
                .description = "TLS, and the certificate must be good for the server's name"},
               options.verify);
}

void add_run_options(const Command& command, SendOptions& options) {
  command.option({.names = "--repeat",
                  .value = "N",
                  .description = "Send that many messages",
                  .least = 1,
                  .most = 1'000'000'000},
                 options.repeat);
  command.option({.names = "--parallel",
                  .value = "N",
                  .description = "Over that many connections at a time",
                  .least = 1,
                  .most = 10'000},
                 options.parallel);
  command.option({.names = "--deadline",
                  .value = "N",
                  .description = "Seconds to wait for each reply",
                  .least = 1,
                  .most = 86'400},
                 options.deadline_seconds);
  command.flag(
      {.names = "-v,--verbose", .value = "", .description = "Show the dialogue with the server"},
      options.verbose);
}

}  // namespace

void add_send(const Command& program) {
  const Command command = program.add("send", "Send mail by SMTP and say what the server answered");
  auto options = std::make_shared<SendOptions>();
  add_envelope_options(command, *options);
  add_message_options(command, *options);
  add_tls_options(command, *options);
  add_run_options(command, *options);
  command.footer("Ends with 0 when every message was accepted for every recipient, else with 1.");
  command.run([options] { return send_mail(*options); });
}

}  // namespace veredus::commands
