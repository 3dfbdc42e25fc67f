#include "main/sendmail/options.h"

#include <sstream>
#include <string_view>

#include <gtest/gtest.h>

namespace veredus::sendmail {
namespace {

std::string shown(const Options& options) {
  constexpr std::array kModes{"message", "smtp", "queue", "retry", "aliases", "help"};
  std::string out = kModes.at(static_cast<std::size_t>(options.mode));
  if (options.recipients_from_header) out += " t";
  if (!options.dot_ends) out += " i";
  if (options.verbose) out += " v";
  if (options.sender) out += " f=" + *options.sender;
  if (!options.full_name.empty()) out += " F=" + options.full_name;
  if (options.notify)
    out += std::string(" N=") + (options.notify->success ? "s" : "") +
           (options.notify->failure ? "f" : "") + (options.notify->delay ? "d" : "");
  if (options.ret) out += *options.ret == smtp::Ret::full ? " R=full" : " R=hdrs";
  if (options.envid) out += " V=" + *options.envid;
  if (!options.configuration.empty()) out += " C=" + options.configuration;
  if (options.development) out += " dev";
  for (const std::string& recipient : options.recipients) out += " [" + recipient + ']';
  return out;
}

/// The words of `line`, apart by single spaces; two spaces make an empty word.
std::string parsed(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream in(line);
  for (std::string word; std::getline(in, word, ' ');) words.push_back(word);
  std::vector<const char*> pointers;
  for (const std::string& word : words) pointers.push_back(word.c_str());
  const auto options = parse_options(pointers);
  return options ? shown(*options) : '!' + options.error();
}

struct OptionsCase {
  const char* name;
  const char* line;
  std::string_view want;  ///< As shown(), or "!" and the start of the complaint.
};
class SendmailOptions : public testing::TestWithParam<OptionsCase> {};

TEST_P(SendmailOptions, AreUnderstoodOrComplainedOf) {
  const std::string got = parsed(GetParam().line);
  if (GetParam().want.starts_with('!'))
    EXPECT_TRUE(got.starts_with(GetParam().want)) << got;
  else
    EXPECT_EQ(got, GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Callers, SendmailOptions,
    testing::Values(OptionsCase{"debian_cron", "-i -FCronDaemon -B8BITMIME -oem root",
                                "message i F=CronDaemon [root]"},
                    OptionsCase{"cronie", "-FCronDaemon -i -odi -oem -oi -t -f root",
                                "message t i f=root F=CronDaemon"},
                    OptionsCase{"php", "-t -i -fwww@x", "message t i f=www@x"},
                    OptionsCase{"mutt", "-oem -oi -f me@x -- a@x -b@x",
                                "message i f=me@x [a@x] [-b@x]"},
                    OptionsCase{"mutt_dsn", "-oem -oi -N failure,delay -R hdrs -- a@x",
                                "message i N=fd R=hdrs [a@x]"},
                    OptionsCase{"git", "-f me@x -i a@x b@x", "message i f=me@x [a@x] [b@x]"},
                    OptionsCase{"bsd_mailx", "-i a@x", "message i [a@x]"},
                    OptionsCase{"bundle", "-tii", "message t i"},
                    OptionsCase{"bundle_with_value", "-tif a@x", "message t i f=a@x"},
                    OptionsCase{"smartmontools", "-i -t -oem", "message t i"}),
    [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Options, SendmailOptions,
    testing::Values(
        OptionsCase{"none", "", "message"}, OptionsCase{"smtp", "-bs", "smtp"},
        OptionsCase{"smtp_apart", "-b s", "smtp"}, OptionsCase{"queue", "-bp", "queue"},
        OptionsCase{"message", "-bm a", "message [a]"}, OptionsCase{"aliases", "-bi", "aliases"},
        OptionsCase{"initialise", "-I", "aliases"}, OptionsCase{"retry", "-q", "retry"},
        OptionsCase{"retry_value", "-qRfar.example", "retry"},
        OptionsCase{"retry_interval", "-q15m", "retry"},
        OptionsCase{"daemon", "-bd -q30m", "!-bd: the server is started by `veredus serve`"},
        OptionsCase{"test_mode", "-bt", "!-bt: there is no such mode"},
        OptionsCase{"sender_r", "-r a@x", "message f=a@x"},
        OptionsCase{"null_sender", "-f <>", "message f=<>"},
        OptionsCase{"verbose", "-v a", "message v [a]"},
        OptionsCase{"notify_never", "-N never", "message N="},
        OptionsCase{"notify_wrong", "-N always", "!-N always: write never"},
        OptionsCase{"ret_wrong", "-R some", "!-R some: write full or hdrs"},
        OptionsCase{"envid", "-V id@1", "message V=id@1"},
        OptionsCase{"envid_long", "-V \x01", "!-V"},
        OptionsCase{"body", "-B 8BITMIME a", "message [a]"},
        OptionsCase{"body_wrong", "-B BINARY", "!-B BINARY: write 7BIT"},
        OptionsCase{"long_option", "-O IgnoreDots -O DeliveryMode=b a", "message i [a]"},
        OptionsCase{"dots_count", "-O IgnoreDots=false", "message"},
        OptionsCase{"ignored", "-G -n -m -U -Am -d0.1 -ee -h 3 -L tag -p ESMTP -X /dev/null -o7 a",
                    "message [a]"},
        OptionsCase{"configuration", "-C x.toml --dev --config y.toml", "message C=y.toml dev"},
        OptionsCase{"recipient_between", "a -i b", "message i [a] [b]"},
        OptionsCase{"after_dashes", "-- -t", "message [-t]"},
        OptionsCase{"value_missing", "-f", "!-f: its value is missing"},
        OptionsCase{"unknown", "-Z", "!-Z: there is no such option"},
        OptionsCase{"unknown_long", "--zap", "!--zap: there is no such option"},
        OptionsCase{"help", "--help", "help"}, OptionsCase{"dash", "-", "!-:"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace veredus::sendmail
