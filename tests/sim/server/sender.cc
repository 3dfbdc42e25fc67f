#include "sim/server/sender.h"

#include <algorithm>
#include <set>
#include <utility>

#include "wire/smtp/data_encoder.h"

namespace veredus::simulation {
namespace {

constexpr std::chrono::minutes kPatience{15};
constexpr std::size_t kReplyLineOctetsMax = 4096;

bool is_eight_bit(const std::string& text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) > 127; });
}

}  // namespace

io::Task<> Sender::run(io::Endpoint server, std::size_t letters, Duration pause_max) {
  for (std::size_t i = 0; i < letters; ++i) {
    co_await host_.sleep(random_.between(Duration::zero(), pause_max));
    co_await send(server, ledger_.write(random_));
  }
  done_ = true;
}

io::Task<> Sender::send(io::Endpoint server, Letter& letter) {
  io::ConnectOptions options;
  options.source = IpAddress::parse("192.0.2.9").value();  // May relay.
  auto stream = co_await host_.system().network.connect(server, options);
  if (!stream) co_return;
  io::Connection connection(std::move(*stream));
  const auto greeting = co_await read_code(connection);
  if (!greeting || *greeting != 220) co_return;
  const auto hello = co_await ask(connection, "EHLO client.example");
  if (!hello || *hello != 250) co_return;
  const bool wanted = co_await offer(connection, letter, choose_recipients());
  if (!wanted) co_return;

  const std::string wire = smtp::encode_data(letter.text);
  const std::vector<std::string_view> pieces{wire};
  const Result<> written = co_await connection.write(pieces, kPatience);
  if (!written) co_return;
  const auto verdict = co_await read_code(connection);
  if (verdict && *verdict == 250) Ledger::acknowledged(letter);
  co_await ask(connection, "QUIT");
  co_await connection.shutdown();
}

/// True when the server waits for the message. All in one packet, or each command by itself.
io::Task<bool> Sender::offer(io::Connection& connection, Letter& letter,
                             const std::vector<std::string>& recipients) {
  const bool pipelined = random_.chance(0.5);
  std::vector<std::string> commands{"MAIL FROM:<" + letter.sender + ">" +
                                    std::string(is_eight_bit(letter.text) ? " BODY=8BITMIME" : "")};
  for (const std::string& recipient : recipients) {
    ledger_.named(letter, recipient);
    commands.push_back("RCPT TO:<" + recipient + ">");
  }
  commands.emplace_back("DATA");
  if (pipelined)
    for (const std::string& command : commands) connection.put(command + "\r\n");

  int code = 0;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (!pipelined) connection.put(commands[i] + "\r\n");
    const auto reply = co_await read_code(connection);
    if (!reply) co_return false;
    code = *reply;
    const bool is_recipient = i > 0 && i <= recipients.size();
    if (is_recipient && code == 250) Ledger::accepted(letter, recipients[i - 1]);
  }
  co_return code == 354;
}

io::Task<Result<int>> Sender::ask(io::Connection& connection, std::string line) {
  connection.put(line + "\r\n");
  const auto code = co_await read_code(connection);
  co_return code;
}

io::Task<Result<int>> Sender::read_code(io::Connection& connection) {
  smtp::ReplyParser parser;
  for (;;) {
    const auto line = co_await connection.read_line(kReplyLineOctetsMax, kPatience);
    if (!line) co_return fail(line.error());
    const auto reply = parser.feed(*line);
    if (!reply) {
      ledger_.problem("the server said what is no reply: " + *line);
      co_return fail(reply.error());
    }
    if (*reply) co_return (*reply)->code;
  }
}

std::vector<std::string> Sender::choose_recipients() {
  std::vector<std::string> chosen;
  const std::uint64_t count = random_.between(1, addressees_.per_letter_max);
  std::set<std::string> reached;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string& one = addressees_.all[random_.below(addressees_.all.size())];
    // Nobody twice, also not by an alias: then what is told of whom would not be clear.
    const std::set<std::string> more = expand(one);
    if (std::ranges::any_of(more, [&](const auto& each) { return reached.contains(each); }))
      continue;
    reached.insert(more.begin(), more.end());
    chosen.push_back(one);
  }
  return chosen;
}

}  // namespace veredus::simulation
