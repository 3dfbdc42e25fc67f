#include "main/torture/server.h"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <memory>
#include <thread>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/process.h"
#include "io/wait_for.h"
#include "mail/manage/control.h"
#include "main/config/load.h"
#include "main/torture/mail.h"

namespace veredus::torture {
namespace {

constexpr std::chrono::milliseconds kLook{20};
constexpr std::size_t kTailOctets = 2000;
/// How a line of an answer begins that is no message.
constexpr std::string_view kProgress = R"({"progress")";

/// Below those that Linux gives to connections (net.ipv4.ip_local_port_range).
constexpr std::uint16_t kPortLeast = 20'000;
constexpr std::uint16_t kPorts = 10'000;
constexpr int kPortTries = 100;

/// A basic string of TOML.
std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string read_tail(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - static_cast<std::streamoff>(kTailOctets)));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

io::Task<bool> can_connect(io::Network& network, io::Endpoint endpoint) {
  io::ConnectOptions options;
  options.deadline = std::chrono::seconds(1);
  const auto stream = co_await network.connect(std::move(endpoint), options);
  co_return stream.has_value();
}

/// Nothing when the answer has no such number.
std::optional<std::uint64_t> flushes_in(const std::string& answer) {
  boost::system::error_code error;
  const boost::json::value status = boost::json::parse(answer, error);
  if (error) return std::nullopt;
  const boost::json::value* flushes = status.find_pointer("/storage/flushes", error);
  if (flushes == nullptr) return std::nullopt;
  const auto number = flushes->to_number<std::uint64_t>(error);
  return error ? std::nullopt : std::optional(number);
}

}  // namespace

/// Retries come soon, so that within minutes every way through the queue is gone many times.
std::string configuration(const Folder& folder, const Places& places) {
  return fmt::format(R"(# Written by `veredus torture`.
hostname = "torture.example"

[[listen]]
address = "{}"

[storage]
path = {}

[[domain]]
name = "{}"
mailboxes = ["{}"]

[relay]
smart_host = "{}"

[queue]
retry_min = "1s"
retry_max = "5s"
destination_pause = "1s"

[log]
level = "warning"

[process]
user = {}
)",
                     places.server.text(), toml_string(folder.storage()), kLocalDomain,
                     fmt::join(kLocalMailboxes, "\", \""), places.sink.text(),
                     toml_string(io::user_name()));
}

std::string maildir(const Folder& folder, std::string_view mailbox) {
  return fmt::format("{}/mail/{}/{}", folder.storage(), kLocalDomain, mailbox);
}

io::Task<Result<io::Endpoint>> find_free_port(io::System system, IpAddress address) {
  Result<io::Endpoint> found = fail(Fault::unavailable, "no port of loopback is free");
  for (int tries = 0; tries < kPortTries && !found; ++tries) {
    const std::uint64_t port = kPortLeast + system.random.below(kPorts);
    const io::Endpoint endpoint(address, static_cast<std::uint16_t>(port));
    const bool taken = co_await can_connect(system.network, endpoint);
    if (taken) continue;
    const auto listener = system.network.listen(endpoint);
    if (listener) found = endpoint;
  }
  co_return found;
}

Result<Server> Server::make(const io::System& system, const Folder& folder, const Places& places) {
  const std::string path = folder.configuration();
  std::ofstream file(path);
  file << configuration(folder, places);
  file.close();
  if (!file) return fail(Fault::unavailable, path + " cannot be written");
  const auto loaded = config::load(path);
  if (!loaded) return fail(loaded.error());
  return Server(system, folder, places, loaded->config.control_socket());
}

Result<> Server::start() {
  auto child = io::Child::start({io::own_program(), "serve", "--config", folder_->configuration()},
                                folder_->log());
  if (!child) return fail(child.error());
  child_.emplace(std::move(*child));
  return {};
}

bool Server::listens() const {
  return io::wait_for(*system_.reactors.front(), can_connect(system_.network, places_.server));
}

void Server::kill() { child_.reset(); }

Result<> Server::stop(std::chrono::seconds patience) {
  if (!child_) return {};
  child_->signal(SIGTERM);
  const SteadyTime until = system_.clock.now() + patience;
  while (runs() && system_.clock.now() < until) std::this_thread::sleep_for(kLook);
  const std::optional<int> status = child_->ended();
  child_.reset();
  if (!status)
    return fail(Fault::unavailable,
                fmt::format("the server did not stop within {} s of SIGTERM", patience.count()));
  if (*status == 0) return {};
  return fail(Fault::unavailable,
              fmt::format("the server ended with status {}:\n{}", *status, log_tail()));
}

Result<> Server::ask(const std::string& request, std::function<void(std::string)> line) const {
  return io::wait_for(*system_.reactors.front(),
                      manage::ask(system_.network, control_, request, std::move(line)));
}

std::optional<std::uint64_t> Server::flushes() const {
  std::optional<std::uint64_t> flushes;
  const Result<> asked = ask(R"({"request":"status"})",
                             [&](const std::string& answer) { flushes = flushes_in(answer); });
  return asked ? flushes : std::nullopt;
}

/// How many messages an answer has.
Result<std::uint64_t> Server::count(const std::string& request) const {
  std::uint64_t count = 0;
  const Result<> asked = ask(request, [&](const std::string& line) {
    if (!line.starts_with(kProgress)) ++count;
  });
  if (!asked) return fail(asked.error());
  return count;
}

Result<std::uint64_t> Server::queued(std::uint64_t most) const {
  return count(fmt::format(R"({{"request":"queue_list","limit":{}}})", most));
}

Result<bool> Server::has_queued(QueueId id) const {
  const auto found = count(fmt::format(R"({{"request":"queue_show","id":"{}"}})", text(id)));
  if (!found) return fail(found.error());
  return *found > 0;
}

Result<> Server::check_storage() const {
  auto child = io::Child::start(
      {io::own_program(), "storage", "check", "--config", folder_->configuration()},
      folder_->check_log());
  if (!child) return fail(child.error());
  if (child->wait() == 0) return {};
  return fail(Fault::unavailable,
              "`veredus storage check` said:\n" + read_tail(folder_->check_log()));
}

std::string Server::log_tail() const { return read_tail(folder_->log()); }

}  // namespace veredus::torture
