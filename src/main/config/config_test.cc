#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "main/config/load.h"
#include "main/config/show.h"

namespace veredus::config {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr std::string_view kMinimal = R"(hostname = "mail.example.org"
[[domain]]
name = "example.org"
mailboxes = ["ann"]
)";

/// The errors that `text` gets, or "" when it is taken.
std::string errors_of(std::string_view text) {
  const auto loaded = parse(text, "veredus.toml");
  return loaded ? "" : loaded.error().text();
}

TEST(Parse, MinimalFileHasGoodDefaults) {
  const auto loaded = parse(kMinimal, "veredus.toml");
  ASSERT_TRUE(loaded) << loaded.error().text();
  const Config& config = loaded->config;
  EXPECT_EQ(config.listen.at(0).address.text(), "0.0.0.0:25");
  EXPECT_EQ(config.storage.path, "/var/lib/veredus");
  EXPECT_TRUE(config.storage.sync);
  EXPECT_EQ(config.relay.networks.size(), 2U);
  EXPECT_EQ(config.assembly().deliver.mail_folder, "/var/lib/veredus/mail");
  EXPECT_EQ(config.assembly().accept.hostname, "mail.example.org");
}

TEST(Parse, EveryTypeOfValue) {
  const std::string text = std::string(kMinimal) + R"(
aliases = { sales = ["ann", "bob@elsewhere.example"], info = "ann" }
[[listen]]
address = "[::1]:2525"
[[listen]]
address = "unix:/run/veredus.socket"
[accept]
message_bytes_max = "10MiB"
bare_newline = "convert"
reverse_lookup = false
error_delay = "1500ms"
[relay]
networks = ["192.0.2.0/24"]
[[limit]]
name = "hoster"
domains = ["example.org"]
mx = ["*.hoster.example"]
messages_per_minute = 60
[queue]
retry_min = "5m"
retry_factor = 3
[deliver]
source = "192.0.2.7"
[log]
level = "debug"
)";
  const auto loaded = parse(text, "veredus.toml");
  ASSERT_TRUE(loaded) << loaded.error().text();
  const Config& config = loaded->config;
  EXPECT_EQ(config.listen.at(1).address.path(), "/run/veredus.socket");
  EXPECT_EQ(config.accept.message_bytes_max, 10U * 1024 * 1024);
  EXPECT_EQ(config.accept.bare_newline, smtp::BareNewline::convert);
  EXPECT_FALSE(config.accept.reverse_lookup);
  EXPECT_EQ(config.accept.error_delay, std::chrono::milliseconds(1500));
  EXPECT_EQ(config.queue.retry_min, minutes(5));
  EXPECT_EQ(config.queue.retry_factor, 3.0);
  const queue::Limit limit = config.assembly().queue.limits.at(0);
  EXPECT_EQ(limit.mx, std::vector<std::string>{"*.hoster.example"});
  EXPECT_EQ(limit.messages_per_minute, 60U);
  EXPECT_EQ(limit.workers_max, std::nullopt);
  EXPECT_EQ(config.deliver.source->text(), "192.0.2.7");
  EXPECT_EQ(config.log.level, log::Level::debug);
  EXPECT_EQ(config.domains.at(0).aliases.at("info"), std::vector<std::string>{"ann"});
}

TEST(Parse, TellsEveryErrorAtOnceInOrderOfLines) {
  EXPECT_EQ(errors_of(R"([queue]
retry_mim = "2s"
expire = "soon"
retry_max = "6d"
[[domain]]
nam = "example.org"
[[listen]]
address = "everywhere"
)"),
            "veredus.toml: hostname: is required\n"
            "veredus.toml:2: queue.retry_mim: no such key; did you mean queue.retry_min?\n"
            R"(veredus.toml:3: queue.expire: expected a duration such as "30s", "5m", "4h", "2d"; )"
            "found \"soon\"\n"
            "veredus.toml:4: queue.retry_max: must be 1 second to queue.expire\n"
            "veredus.toml:5: domain.name: is required\n"
            "veredus.toml:6: domain.nam: no such key; did you mean domain.name?\n"
            R"(veredus.toml:8: listen everywhere: address: expected an address with port such as )"
            R"("192.0.2.1:25" or "[::]:25", or "unix:/path/of/socket"; found "everywhere")");
}

struct ErrorCase {
  const char* name;
  std::string_view text;
  std::string_view want;
};
class Errors : public testing::TestWithParam<ErrorCase> {};

TEST_P(Errors, NameLineKeyAndWhatWasExpected) {
  EXPECT_THAT(errors_of(GetParam().text), HasSubstr(std::string(GetParam().want)));
}

INSTANTIATE_TEST_SUITE_P(
    All, Errors,
    testing::Values(
        ErrorCase{"Grammar", "hostname = \n", "veredus.toml:1: "},
        ErrorCase{"Duplicate", "hostname = \"a.example\"\nhostname = \"b.example\"\n",
                  "veredus.toml:2: "},
        ErrorCase{"UnknownTable", "hostname = \"a.example\"\n[quue]\n",
                  "veredus.toml:2: quue: no such key; did you mean queue?"},
        ErrorCase{"NothingNear", "hostname = \"a.example\"\nxyzzyfoo = 1\n",
                  "veredus.toml:2: xyzzyfoo: no such key"},
        ErrorCase{"NotATable", "queue = 3\n", "veredus.toml:1: queue: expected a table"},
        ErrorCase{"NotAList", "[domain]\nname = \"a.example\"\n",
                  "veredus.toml:1: domain: expected [[domain]]; found a table"},
        ErrorCase{"TooLarge", "[deliver]\nport = 70000\n",
                  "veredus.toml:2: deliver.port: expected a number from 0 to 65535; found 70000"},
        ErrorCase{"Negative", "threads = -1\n", "expected a number from 0 to"},
        ErrorCase{"Fraction", "[accept]\ncommand_deadline = \"10ms\"\n",
                  "veredus.toml:2: accept.command_deadline: expected a duration"},
        ErrorCase{"TooSmall", "hostname = \"a.example\"\n[accept]\nrecipients_max = 5\n",
                  "veredus.toml:3: accept.recipients_max: must be at least 100"},
        ErrorCase{"Network", "[relay]\nnetworks = [\"10.0.0.1/8\"]\n", "\"10.0.0.1/8\": "},
        ErrorCase{"BadHostname", "hostname = \"a b\"\n", "veredus.toml:1: hostname: "},
        ErrorCase{"AliasLoop",
                  "hostname = \"a.example\"\n[[domain]]\nname = \"a.example\"\n"
                  "mailboxes = [\"x\"]\naliases = { a = [\"b\"], b = [\"a\"] }\n",
                  "veredus.toml:5: domain a.example: aliases.a: "},
        ErrorCase{"CatchAllToNobody",
                  "hostname = \"a.example\"\n[[domain]]\nname = \"a.example\"\n"
                  "mailboxes = [\"x\"]\ncatch_all = \"nobody\"\n",
                  "veredus.toml:5: domain a.example: catch_all: No such mailbox here"},
        ErrorCase{"LimitPattern",
                  "hostname = \"a.example\"\n[[limit]]\nname = \"x\"\nmx = [\"a*\"]\n"
                  "workers_max = 1\n",
                  "veredus.toml:4: limit x: mx: expected a domain, *.domain or *, not a*"},
        ErrorCase{"LimitOfNothing",
                  "hostname = \"a.example\"\n[[limit]]\nname = \"x\"\nworkers_max = 0\n"
                  "domains = [\"*\"]\n",
                  "veredus.toml:2: limit x: needs workers_max or messages_per_minute"},
        ErrorCase{"SmartHost", "hostname = \"a.example\"\n[relay]\nsmart_host = \"a b\"\n",
                  "veredus.toml:3: relay.smart_host: "}),
    [](const auto& param) { return param.param.name; });

TEST(Parse, DevelopmentTextIsGood) { EXPECT_EQ(errors_of(development_text()), ""); }

TEST(Load, ReadsTheDevelopmentConfigurationAgain) {
  const auto loaded = load_development();
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(load_again(*loaded));
}

TEST(Warnings, OfAnOpenRelayAndOfLostMail) {
  EXPECT_TRUE(warnings(parse(kMinimal, "x")->config).empty());
  const std::string text =
      std::string(kMinimal) + "[relay]\nnetworks = [\"0.0.0.0/0\"]\n[storage]\nsync = false\n";
  const auto found = warnings(parse(text, "x")->config);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_THAT(found[0], HasSubstr("relay.networks: 0.0.0.0/0"));
  EXPECT_THAT(found[1], HasSubstr("storage.sync: "));
}

TEST(Load, TellsThatADirectoryIsNoFile) {
  const auto loaded = load("/");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().text(), "/: cannot be read: it is a directory");
}

TEST(Load, NamesTheFileThatIsNotThere) {
  const auto loaded = load("/nowhere/veredus.toml");
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().text(), HasSubstr("/nowhere/veredus.toml: cannot be read"));
}

TEST(Show, TellsOriginAndCanBeReadAgain) {
  const auto loaded = parse(kMinimal, "veredus.toml");
  const std::string text = show(*loaded);
  EXPECT_THAT(text, HasSubstr("hostname = \"mail.example.org\"  # veredus.toml:1\n"));
  EXPECT_THAT(text, HasSubstr("mailboxes = [\"ann\"]  # veredus.toml:4\n"));
  EXPECT_THAT(text, HasSubstr("retry_min = \"1m\"  # default\n"));
  const auto again = parse(text, "shown");
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(again->config.queue, loaded->config.queue);
  EXPECT_EQ(again->config.storage.path, loaded->config.storage.path);
}

TEST(Reference, HasEveryDefaultAsItIs) {
  std::string text = reference();
  // What is required has no default; the repeated tables there are examples.
  for (const std::string_view wrong : {"hostname = \"\"", "name = \"\"", "domain = \"\""}) {
    const auto at = text.find(wrong);
    ASSERT_NE(at, std::string::npos) << wrong;
    text.replace(at + wrong.size() - 1, 0, "a.example");
  }
  text.replace(text.find("mailboxes = []"), 14, "mailboxes = [\"ann\"]");
  const auto limit = text.find("[[limit]]");
  ASSERT_NE(limit, std::string::npos);
  const auto example = [&text, limit](std::string_view key, std::string_view value) {
    const auto at = text.find(key, limit);
    ASSERT_NE(at, std::string::npos) << key;
    text.replace(at, key.size(), value);
  };
  example("name = \"\"", "name = \"x\"");
  example("domains = []", "domains = [\"*\"]");
  example("workers_max = 0", "workers_max = 1");
  const auto reason = text.find("[[reason]]");
  ASSERT_NE(reason, std::string::npos);
  text.replace(text.find("class = \"\"", reason), 10, "class = \"mailbox_full\"");
  text.replace(text.find("pattern = \"\"", reason), 12, "pattern = \"x\"");
  const auto loaded = parse(text, "reference");
  ASSERT_TRUE(loaded) << loaded.error().text();
  EXPECT_EQ(loaded->config.queue, queue::QueueConfig());
}

}  // namespace
}  // namespace veredus::config
