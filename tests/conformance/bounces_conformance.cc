// Real bounces of many mail systems: each is recognised, and the sender's question is answered:
// which recipient, what became of it, and why.

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/text.h"
#include "mail/notice/reason.h"
#include "testdata.h"
#include "wire/dsn/bounce.h"

namespace veredus::conformance {
namespace {

using dsn::Bounce;
using dsn::MailKind;

constexpr std::string_view kSuite = "bounces-sisimai-a";

class BounceSuite : public Testdata {};

std::vector<std::string> bounces() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(testdata(kSuite)))
    if (entry.path().extension() == ".eml") names.push_back(entry.path().stem());
  std::ranges::sort(names);
  return names;
}

Bounce bounce_of(const std::string& name) {
  return dsn::read_bounce(read(std::string(kSuite) + "/" + name + ".eml"));
}

/// "lhost-qmail-02" is of the family "lhost-qmail".
std::string family_of(const std::string& name) { return name.substr(0, name.rfind('-')); }

/// Some recipient with what became of it.
bool tells(const Bounce& bounce) {
  return std::ranges::any_of(bounce.recipients, [](const dsn::BouncedRecipient& recipient) {
    return !recipient.address.empty() && (recipient.action || recipient.status);
  });
}

/// What the file is, by the name that its collectors gave it and by what it holds.
MailKind kind_wanted(const std::string& name, std::string_view message) {
  if (name.starts_with("arf-")) return MailKind::feedback;
  if (name.starts_with("rfc3834-")) return MailKind::auto_reply;
  const bool has_report = ascii_lower(message).contains("content-type: message/delivery-status");
  return has_report ? MailKind::report : MailKind::bounce;
}

TEST_F(BounceSuite, EachIsRecognised) {
  static constexpr std::string_view kJson = "JSON of a service's own, not a bounce by mail";
  static constexpr std::array kDeviations{
      Deviation{"arf-22", "a complaint without any report: the message alone is attached"},
      Deviation{"arf-23", "a complaint without any report: the message alone is attached"},
      Deviation{"arf-26", "a request to unsubscribe without any report"},
      Deviation{"lhost-googleworkspace-01", "its report is empty: the text is read instead"},
      Deviation{"lhost-postfix-64", "its report is empty and its text says no more"},
      Deviation{"lhost-amazonses-09", kJson},
      Deviation{"lhost-amazonses-10", kJson},
      Deviation{"lhost-amazonses-11", kJson},
      Deviation{"lhost-amazonses-12", kJson},
  };
  Verdicts verdicts(kDeviations);
  std::map<std::string, std::map<std::string_view, int>> counts;
  for (const std::string& name : bounces()) {
    const std::string message = read(std::string(kSuite) + "/" + name + ".eml");
    const Bounce bounce = dsn::read_bounce(message);
    const MailKind wanted = kind_wanted(name, message);
    const bool good =
        bounce.kind == wanted || (wanted == MailKind::bounce && bounce.kind == MailKind::report);
    verdicts.judge(name, good, dsn::name(bounce.kind));
    ++counts[family_of(name)][dsn::name(bounce.kind)];
  }
  for (const auto& [family, kinds] : counts)
    for (const auto& [kind, count] : kinds)
      RecordProperty(family + "." + std::string(kind), std::to_string(count));
}

TEST_F(BounceSuite, EachTellsOfARecipient) {
  static constexpr std::array kDeviations{
      Deviation{"lhost-postfix-64", "says that the report is not available"},
      Deviation{"lhost-verizon-01", "names nobody: only the original would tell"},
  };
  Verdicts verdicts(kDeviations);
  for (const std::string& name : bounces()) {
    const Bounce bounce = bounce_of(name);
    const bool is_bounce = bounce.kind == MailKind::report || bounce.kind == MailKind::bounce;
    if (is_bounce) verdicts.judge(name, tells(bounce), bounce.form);
  }
}

TEST_F(BounceSuite, PythonsExamplesAreReports) {
  for (const char* name : {"mime-python/msg_16.txt", "mime-python/msg_43.txt"}) {
    const Bounce bounce = dsn::read_bounce(read(name));
    EXPECT_EQ(bounce.kind, MailKind::report) << name;
    EXPECT_TRUE(tells(bounce)) << name;
  }
}

/// The share of diagnostics that are more than "unknown" to us: a floor, so that a change of the
/// rules that loses some is seen. What is missing is mostly in languages we have no rules for.
TEST_F(BounceSuite, MostDiagnosticsHaveAKnownReason) {
  const auto reasons = notice::Reasons::make({}).value();
  int diagnostics = 0;
  int known = 0;
  std::map<std::string_view, int> counts;
  for (const std::string& name : bounces())
    for (const dsn::BouncedRecipient& recipient : bounce_of(name).recipients) {
      if (recipient.diagnostic.empty()) continue;
      const notice::Reason reason = reasons.classify(recipient.diagnostic);
      ++diagnostics;
      ++counts[notice::name(reason.reason)];
      if (reason.reason != notice::ReasonClass::unknown) ++known;
    }
  for (const auto& [reason, count] : counts)
    RecordProperty(std::string(reason), std::to_string(count));
  RecordProperty("diagnostics", std::to_string(diagnostics));
  EXPECT_GT(diagnostics, 250);
  EXPECT_GE(known * 100, diagnostics * 94) << known << " of " << diagnostics;
}

}  // namespace
}  // namespace veredus::conformance
