// Every command line in the dialogues that RFCs print must parse, and every reply too.

#include <algorithm>
#include <array>
#include <string>

#include "testdata.h"
#include "wire/smtp/command.h"
#include "wire/smtp/reply.h"

namespace veredus::conformance {
namespace {

using smtp::Verb;

bool parses(std::string_view line) {
  const smtp::Command command = smtp::parse_command(line);
  switch (command.verb) {
    case Verb::unknown:
      return false;
    case Verb::mail:
      return smtp::parse_mail(command.args).has_value();
    case Verb::rcpt:
      return smtp::parse_rcpt(command.args).has_value();
    case Verb::ehlo:
    case Verb::helo:
    case Verb::lhlo:
      return smtp::parse_helo(command.args, smtp::HeloRule::strict).has_value();
    case Verb::bdat:
      return smtp::parse_bdat(command.args).has_value();
    default:
      return true;
  }
}

/// Follows one dialogue and tells which of the client's lines are commands.
class Follower {
 public:
  void server_said(std::string_view line) { challenged_ = line.starts_with("334"); }

  /// Stage directions ("<opens connection>"), message text and answers to a challenge are none.
  bool is_command(std::string_view line) {
    if (in_data_) {
      in_data_ = line != ".";
      return false;
    }
    if (line.starts_with('<') || challenged_) return false;
    in_data_ = line == "DATA";
    return true;
  }

 private:
  bool in_data_ = false;
  bool challenged_ = false;
};

void run(const char* file, std::span<const Deviation> deviations) {
  Verdicts verdicts(deviations);
  for (const auto& dialogue : read_json(file).as_array()) {
    Follower follower;
    for (const auto& line : dialogue.at("lines").as_array()) {
      const std::string text(line.at(1).as_string());
      if (line.at(0).as_string() == "S") {
        follower.server_said(text);
      } else if (follower.is_command(text)) {
        verdicts.judge(text, parses(text), "RFC " + serialize(dialogue.at("rfc")));
      }
    }
  }
}

class RfcDialogues : public Testdata {};

TEST_F(RfcDialogues, SmtpCommandsParse) {
  static constexpr std::array kDeviations{
      Deviation{"AUTH PLAIN\n(note: there is a single space following the 334\n"
                "on the following line)",
                "an editor's note stands in the line"},
      Deviation{".", "RFC 8689 is cut between DATA's 354 and the end of the message"},
  };
  run("rfc-dialogues/smtp.json", kDeviations);
}

TEST_F(RfcDialogues, LmtpCommandsParse) { run("rfc-dialogues/lmtp.json", {}); }

}  // namespace
}  // namespace veredus::conformance
