// SMTP smuggling against the whole server: whatever stands where a message's end should be, one
// DATA is at most one message, and nothing goes out that the next hop could take for two.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/connection.h"
#include "support/dialog.h"
#include "support/site.h"
#include "testdata.h"

namespace veredus::conformance {
namespace {

using smtp::BareNewline;

constexpr std::chrono::minutes kPatience{10};
constexpr std::string_view kMailbox = "example.test/you";

/// One message with another one hidden behind `sequence`, for the mailbox and for a next hop.
std::string attack(const std::string& sequence) {
  return "EHLO client.example\r\nMAIL FROM:<me@remote.example>\r\nRCPT TO:<you@example.test>\r\n"
         "RCPT TO:<them@remote.example>\r\nDATA\r\n"
         "Subject: first\r\n\r\ntext" +
         sequence +
         "MAIL FROM:<forged@example.test>\r\nRCPT TO:<you@example.test>\r\nDATA\r\n"
         "Subject: smuggled\r\n\r\ntext\r\n.\r\nQUIT\r\n";
}

/// What the next hop hears: the octets of each DATA, and how many there were.
struct Heard {
  int messages = 0;
  std::string octets;
};

/// A next hop that is as lenient as the worst: any newline, dot, newline may end a message.
io::Task<> be_next_hop(io::System system, Heard& heard) {
  auto listener = system.network.listen(*io::Endpoint::parse("198.51.100.25:25"));
  auto stream = co_await (*listener)->accept();
  if (!stream) co_return;
  io::Connection connection(std::move(*stream));
  connection.put("220 next.example\r\n");
  for (;;) {
    const auto line = co_await connection.read_line(4096, kPatience);
    if (!line) co_return;
    if (*line != "DATA") {
      connection.put(line->starts_with("EHLO") ? "250 next.example\r\n" : "250 ok\r\n");
      continue;
    }
    ++heard.messages;
    connection.put("354 go on\r\n");
    while (!heard.octets.ends_with("\r\n.\r\n")) {
      const auto more = co_await connection.read_more(kPatience);
      if (!more) co_return;
      heard.octets += connection.input();
      connection.consume(connection.input().size());
    }
    connection.put("250 ok\r\n");
  }
}

io::Task<> be_attacker(io::System system, io::Endpoint server, std::string text,
                       std::string& replies, bool& done) {
  auto stream =
      co_await system.network.connect(server, {.source = IpAddress::parse("192.0.2.9").value()});
  io::Connection connection(std::move(*stream));
  for (bool sent = false;;) {
    const auto line = co_await connection.read_line(4096, kPatience);
    if (!line) break;
    replies += *line + "\n";
    if (std::exchange(sent, true)) continue;
    const std::vector<std::string_view> pieces{text};
    co_await connection.write(pieces, kPatience);
  }
  done = true;
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string_view::npos; ++at) ++found;
  return found;
}

/// No line end but CRLF, and only one line of a single dot: the last.
void expect_unmistakable(const std::string& octets) {
  EXPECT_EQ(octets.find("\r\n.\r\n"), octets.size() - 5);
  for (std::size_t at = 0; at < octets.size(); ++at) {
    if (octets[at] == '\n') EXPECT_TRUE(at > 0 && octets[at - 1] == '\r') << "bare LF at " << at;
    if (octets[at] == '\r')
      EXPECT_TRUE(at + 1 < octets.size() && octets[at + 1] == '\n') << "bare CR at " << at;
  }
  EXPECT_FALSE(octets.contains('\0'));
}

void expect_one_message_at_most(const std::string& sequence, BareNewline tolerance) {
  sim::World world(1);
  AssemblyConfig config = veredus::testing::default_config();
  config.accept.bare_newline = tolerance;
  config.route.smart_host = "198.51.100.25";
  veredus::testing::Site site(world, config);
  ASSERT_TRUE(site.start());

  Heard heard;
  sim::Host& next = world.add_host("next", "198.51.100.25");
  next.spawn("next_hop", be_next_hop(next.system(), heard));
  std::string replies;
  bool done = false;
  world.outside().spawn("attacker", be_attacker(world.outside().system(), site.endpoint(),
                                                attack(sequence), replies, done));
  ASSERT_TRUE(world.run_until([&] { return done; }));
  world.run_for(std::chrono::minutes(1));

  const std::size_t taken = count(replies, "250 2.0.0 Queued");
  const std::vector<std::string> mails = site.mailbox(std::string(kMailbox));
  EXPECT_EQ(mails.size(), taken);
  EXPECT_EQ(static_cast<std::size_t>(heard.messages), taken);
  EXPECT_EQ(count(replies, "354 "), 1U) << "one DATA is all there was\n" << replies;
  const bool fit = tolerance == BareNewline::convert && !sequence.contains('\0');
  EXPECT_EQ(taken, fit ? 1U : 0U) << replies;
  if (taken == 1) expect_unmistakable(heard.octets);
}

class SmugglingIntoServer : public Testdata {
 protected:
  static void expect_harmless(const std::string& sequence) {
    SCOPED_TRACE(boost::json::serialize(boost::json::value(sequence)));
    expect_one_message_at_most(sequence, BareNewline::refuse);
    expect_one_message_at_most(sequence, BareNewline::convert);
  }
};

TEST_F(SmugglingIntoServer, BadEndings) {
  for (const auto& [name, value] :
       read_json("smtp-smuggling/smtpsmug-bad-endings.json").at("tests").as_object()) {
    if (name == "pipelining") continue;  // A sentence about a server, not a sequence.
    expect_harmless(octets(value));
  }
}

TEST_F(SmugglingIntoServer, EndOfDataSequences) {
  const auto suite = read_json("smtp-smuggling/the-login-end-of-data-sequences.json");
  for (const char* list : {"inbound_eod_sequences", "outbound_eod_sequences"})
    for (const auto& value : suite.at(list).as_array()) expect_harmless(octets(value));
}

/// starttls-injection.json: STARTTLS is not offered, so what follows it is one more command in the
/// clear, answered in the clear.
TEST_F(SmugglingIntoServer, CommandBehindStarttls) {
  for (const auto& row : read_json("smtp-smuggling/starttls-injection.json").as_array()) {
    if (row.at("protocol").as_string() != "smtp") continue;  // The other protocols come later.
    EXPECT_EQ(octets(row.at("plaintext_one_segment")), "STARTTLS\r\nEHLO attacker.example\r\n");
    const auto script = veredus::testing::parse_dialog(
        "S: 220 *\nC: STARTTLS\nC: EHLO attacker.example\nS: 502 5.5.1 *\nS+ 250 HELP\n",
        veredus::testing::default_config());
    ASSERT_TRUE(script);
    EXPECT_EQ(veredus::testing::play(*script), "");
  }
}

}  // namespace
}  // namespace veredus::conformance
