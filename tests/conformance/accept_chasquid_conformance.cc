// chasquid's dialogues with our server: what another server's authors found worth saying.

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/cursor.h"
#include "base/text.h"
#include "support/dialog.h"
#include "support/site.h"
#include "testdata.h"

namespace veredus::conformance {
namespace {

using veredus::testing::Script;
using veredus::testing::Step;

/// Dialogues that we cannot have.
constexpr std::array kDeviations{
    Deviation{"t-04-aliases/test_chasquid_util", "runs a command of chasquid's, no dialogue"},
    Deviation{"t-12-minor_dialogs/auth_multi_dialog", "needs TLS and AUTH, which are not offered"},
    Deviation{"t-12-minor_dialogs/auth_too_many_failures",
              "needs TLS and AUTH, which are not offered"},
};

/// What we reply where chasquid replies with another code, and why. `dialogue` empty: everywhere.
struct OtherReply {
  std::string_view dialogue;
  std::string_view theirs;  ///< As expected there.
  std::string_view ours;    ///< A pattern for the last line of our reply.
  std::string_view reason;
};
constexpr std::array kOtherReplies{
    OtherReply{"", "521 5.5.2 Error reading DATA: invalid line ending", "554 5.6.0 *",
               "521 is for hosts that take no mail at all (RFC 7504); ours goes on"},
    OtherReply{"", "502 5.7.0 You hear someone cursing shoplifters", "421 4.7.0 *HTTP",
               "the session ends, which 421 says"},
    OtherReply{"auth_not_tls", "503 5.7.10 You feel vulnerable", "502 5.5.1 AUTH *",
               "AUTH is not offered"},
    OtherReply{"line_too_long", "554", "500 5.5.2 *line too long*", "RFC 5321 §4.5.3.1.10"},
    OtherReply{"bad_data_dot_on_message_too_big",
               "521 5.5.2 Error reading DATA: invalid line ending", "552 5.3.4 *",
               "too large is said first; nothing is smuggled either way"},
    OtherReply{"bad_data", "554 5.6.0 Error parsing message", "250 2.0.0 *",
               "a line that is no field begins the body, as everywhere else"},
    OtherReply{"bad_rcpt_to", "500 5.5.2 Unknown command", "501 5.1.3 *",
               "RCPT is known, its argument is wrong (RFC 5321 §4.2.2)"},
    OtherReply{"bad_rcpt_to", "500", "501 5.1.3 *", "the same"},
    OtherReply{"bad_rcpt_to", "550 5.1.3 Destination address is invalid", "553 5.6.7 *",
               "not ASCII without SMTPUTF8 (RFC 6531 §3.5)"},
    OtherReply{"bad_mail_from", "500 5.5.2 Unknown command", "501 5.1.7 *",
               "MAIL is known, its argument is wrong"},
    OtherReply{"bad_mail_from", "500", "501 5.1.7 *", "the same"},
};

/// RCPT without angle brackets is refused (RFC 5321 §4.1.1.3), and the dialogues go on with them.
constexpr std::string_view kNoBrackets = "RCPT TO: user@testserver";
constexpr std::string_view kBrackets = "RCPT TO:<user@testserver>";

/// Octets of a Python expression such as `('a' * 899 + '\r\n') * 1165`.
class Python {
 public:
  explicit Python(std::string_view text) : in_(text) {}
  std::string sum() {
    std::string octets = product();
    while (skip(), in_.eat('+')) octets += product();
    return octets;
  }

 private:
  void skip() {
    in_.take_while([](char c) { return c == ' '; });
  }
  std::string product() {
    const std::string unit = value();
    skip();
    if (!in_.eat('*')) return unit;
    skip();
    std::string octets;
    const auto count = to_number(in_.take_while(is_digit));
    for (std::uint64_t i = 0; i < count.value(); ++i) octets += unit;
    return octets;
  }
  std::string value() {
    skip();
    if (in_.eat('(')) {
      std::string inside = sum();
      skip();
      in_.eat(')');
      return inside;
    }
    std::string octets;
    in_.eat('\'');
    while (!in_.done() && !in_.eat('\'')) {
      const bool escape = in_.eat('\\');
      const char c = in_.take(1).front();
      octets += !escape ? c : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
    }
    return octets;
  }

  Cursor in_;
};

/// Turns a .cmy file into a script of ours.
class Translator {
 public:
  explicit Translator(std::string name) : name_(std::move(name)) {
    script_.config = veredus::testing::default_config();
    script_.config.accept.hostname = "testserver";
    script_.config.accept.message_bytes_max = 1024 * 1024;
    script_.config.accept.command_octets_max = 1000;
    script_.config.route.domains.front().name = "testserver";
    script_.config.route.domains.front().mailboxes = {"user"};
    script_.config.route.domains.front().aliases.clear();
  }

  /// Nothing when the file asks for what the player does not have.
  std::optional<Script> run(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      ++line_;
      if (line.empty() || line.starts_with('#')) continue;
      if (!take(line)) return std::nullopt;
    }
    return std::move(script_);
  }

 private:
  bool take(std::string_view line) {
    Cursor in(line);
    if (!in.eat("c ")) return false;
    if (in.eat("tcp_connect "))
      add(Step::Kind::connect, "");
    else if (in.eat("close"))
      add(Step::Kind::drop, "");
    else if (in.eat("->"))
      say(in.rest().empty() ? in.rest() : in.rest().substr(1));
    else if (in.eat("~> "))
      add_send(script_.steps, Python(in.rest()).sum(), line_);
    else if (in.eat("<- ") || in.eat("<~ ") || in.eat("<... "))
      add(Step::Kind::expect_reply, our_reply(in.rest()));
    else
      return false;
    return true;
  }

  void say(std::string_view line) {
    if (line == kNoBrackets) {
      add_send(script_.steps, std::string(line) + "\r\n", line_);
      add(Step::Kind::expect_reply, "501 5.1.3 *");
      line = kBrackets;
    }
    add_send(script_.steps, std::string(line) + "\r\n", line_);
  }

  /// The code is the same unless it is listed; the words are ours.
  std::string our_reply(std::string_view theirs) const {
    const auto listed = std::ranges::find_if(kOtherReplies, [&](const OtherReply& other) {
      return other.theirs == theirs && other.dialogue == name_;
    });
    if (listed != kOtherReplies.end()) return std::string(listed->ours);
    const auto everywhere = std::ranges::find_if(kOtherReplies, [&](const OtherReply& other) {
      return other.theirs == theirs && other.dialogue.empty();
    });
    if (everywhere != kOtherReplies.end()) return std::string(everywhere->ours);
    return std::string(theirs.substr(0, 3)) + " *";
  }

  void add(Step::Kind kind, std::string text) {
    script_.steps.emplace_back(kind, std::move(text), 0, line_);
  }

  std::string name_;
  Script script_;
  std::size_t line_ = 0;
};

class ChasquidDialogues : public Testdata {};

TEST_F(ChasquidDialogues, GoAsTheirsDo) {
  Verdicts verdicts(kDeviations);
  const std::filesystem::path root = testdata("smtp-chasquid-dialogs");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".cmy") continue;
    const auto path = std::filesystem::relative(entry.path(), root);
    const auto script =
        Translator(path.stem().string()).run(read("smtp-chasquid-dialogs/" + path.string()));
    const std::string problem =
        script ? veredus::testing::play(*script) : "asks for what is not in a dialogue of ours";
    verdicts.judge((path.parent_path() / path.stem()).string(), problem.empty(), problem);
  }
}

/// Their fuzz corpus: whole sessions with bare LF. Whatever we answer, the session ends in order.
TEST_F(ChasquidDialogues, FuzzCorpusIsSurvived) {
  const std::string folder = "smtp-chasquid-dialogs/fuzz-corpus/fuzz/FuzzConnection";
  for (const auto& entry : std::filesystem::directory_iterator(testdata(folder))) {
    const std::string text = read(folder + "/" + entry.path().filename().string());
    const std::size_t begin = text.find("[]byte(\"") + 8;
    std::string lines = text.substr(begin, text.rfind("\")") - begin);
    for (const std::string_view ending : {"\\n", "\\r\\n"}) {
      std::string session = lines;
      for (std::size_t at = 0; (at = session.find("\\n", at)) != std::string::npos;
           at += ending.size())
        session.replace(at, 2, ending);
      const auto script = veredus::testing::parse_dialog(
          "S: 220 *\nC~ " + session + "\\r\\n.\\r\\nQUIT\\r\\n\n= wait 60\n= drop\n",
          veredus::testing::default_config());
      ASSERT_TRUE(script) << entry.path();
      EXPECT_EQ(veredus::testing::play(*script), "") << entry.path();
    }
  }
}

}  // namespace
}  // namespace veredus::conformance
