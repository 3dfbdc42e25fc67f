// What is asked about domains, accounts and aliases, one request after the other.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/sim/world.h"
#include "mail/manage/manage_test_support.h"
#include "mail/manage/requests.h"
#include "storage/memory/memory_storage.h"

namespace veredus::manage {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Not;

/// Keeps what came.
class Lines final : public LineSink {
 public:
  io::Task<Result<>> put(std::string line) override {
    all.push_back(std::move(line));
    co_return Result<>();
  }
  std::vector<std::string> all;
};

class DirectoryRequests : public testing::Test {
 protected:
  DirectoryRequests() : disk_(world_.system().clock) {
    directory_ = directory::Directory::open({}, world_.system(), disk_).value();
    directory_->connect(
        {.check = [](const auto&, const auto&) { return Result<>(); },
         .changed = [this] { ++changes_; },
         .is_configured =
             [](const std::string& domain) { return domain == "configured.example"; }});
    EXPECT_TRUE(run(directory_->load()));
  }

  Result<> run(io::Task<Result<>> work) {
    std::optional<Result<>> result;
    world_.spawn("request", keep(std::move(work), result));
    world_.run_until([&] { return result.has_value(); });
    return *result;
  }
  static io::Task<> keep(io::Task<Result<>> work, std::optional<Result<>>& result) {
    result = co_await std::move(work);
  }

  /// The objects of the answer, a line each; or "! " and the error.
  std::string ask(const std::string& request) {
    lines_.all.clear();
    const Surroundings around{.clock = world_.system().clock,
                              .storage = disk_,
                              .destination_of = mx_of,
                              .status = {},
                              .directory = directory_.get(),
                              .workers = &world_.system().workers};
    const Result<> done = run(answer_request(around, request, lines_));
    if (!done) return "! " + done.error().text();
    std::string text;
    for (const std::string& line : lines_.all) {
      boost::json::object object = object_of(line);
      for (const char* changing : {"created", "app_passwords", "credentials"})
        object.erase(changing);
      text += boost::json::serialize(object) + '\n';
    }
    return text;
  }

  sim::World world_{1};
  storage::MemoryStorage disk_;
  std::unique_ptr<directory::Directory> directory_;
  Lines lines_;
  int changes_ = 0;
};

TEST_F(DirectoryRequests, DomainsComeAndGo) {
  EXPECT_EQ(ask(R"({"request":"domain_add","domain":"X.Example"})"),
            "{\"domain\":\"x.example\"}\n");
  EXPECT_EQ(changes_, 1);
  EXPECT_THAT(ask(R"({"request":"domain_add","domain":"x.example"})"), HasSubstr("already"));
  EXPECT_THAT(ask(R"({"request":"domain_add","domain":"configured.example"})"),
              HasSubstr("already"));
  EXPECT_THAT(ask(R"({"request":"domain_add","domain":"a b"})"), HasSubstr("! "));
  EXPECT_EQ(ask(R"({"request":"account_add","address":"ann@x.example"})").front(), '{');
  EXPECT_EQ(ask(R"({"request":"domain_list"})"),
            "{\"domain\":\"x.example\",\"accounts\":1,\"aliases\":0}\n");
  EXPECT_THAT(ask(R"({"request":"domain_remove","domain":"x.example"})"),
              HasSubstr("still has accounts (1) or aliases (0)"));
  EXPECT_THAT(ask(R"({"request":"domain_remove","domain":"configured.example"})"),
              HasSubstr("is in the configuration"));
  EXPECT_THAT(ask(R"({"request":"domain_remove","domain":"y.example"})"),
              HasSubstr("none of our domains"));
  ask(R"({"request":"account_remove","address":"ann@x.example"})");
  EXPECT_EQ(ask(R"({"request":"domain_remove","domain":"x.example"})"),
            "{\"domain\":\"x.example\"}\n");
  EXPECT_EQ(ask(R"({"request":"domain_list"})"), "");
  EXPECT_EQ(changes_, 4) << "what is refused changes nothing";
}

TEST_F(DirectoryRequests, AccountsAreOfOurDomains) {
  EXPECT_THAT(ask(R"({"request":"account_add","address":"ann@far.example"})"),
              HasSubstr("far.example"));
  EXPECT_THAT(ask(R"({"request":"account_add","address":"ann"})"), HasSubstr("! "));
  EXPECT_EQ(ask(R"({"request":"account_add","address":"Ann@configured.example"})").front(), '{');
  EXPECT_THAT(ask(R"({"request":"account_add","address":"ann@configured.example"})"),
              HasSubstr("exists already"));
  EXPECT_EQ(ask(R"({"request":"account_list","domain":"x.example"})"), "");
  EXPECT_THAT(ask(R"({"request":"account_list"})"), HasSubstr("ann@configured.example"));
  for (const char* request : {"account_show", "account_set", "account_remove"})
    EXPECT_THAT(
        ask(R"({"request":")" + std::string(request) + R"(","address":"bob@configured.example"})"),
        HasSubstr("bob@configured.example is no account"));
}

TEST_F(DirectoryRequests, WhatIsSetStaysAndTheRestToo) {
  ask(R"({"request":"account_add","address":"ann@configured.example","quota_bytes":1000})");
  const std::string set = R"({"request":"account_set","address":"ann@configured.example",)";
  ask(set + R"("recipients_per_hour":5})");
  ask(set + R"("send_as_add":"@Friends.example"})");
  ask(set + R"("send_as_add":"boss@x.example"})");
  ask(set + R"("disabled":true})");
  const auto ann = directory_->find("ann@configured.example");
  ASSERT_TRUE(ann);
  EXPECT_EQ(ann->quota_bytes, 1000U);
  EXPECT_EQ(ann->recipients_per_hour, 5U);
  EXPECT_TRUE(ann->disabled);
  EXPECT_EQ(ann->send_as, (std::vector<std::string>{"@friends.example", "boss@x.example"}));
  EXPECT_EQ(ask(set + R"("send_as_remove":"boss@x.example"})").front(), '{');
  EXPECT_THAT(ask(set + R"("send_as_remove":"boss@x.example"})"), HasSubstr("had no leave"));
  EXPECT_THAT(ask(set + R"("send_as_add":"@"})"), HasSubstr("! @: expected an address"));
  EXPECT_THAT(ask(set + R"("send_as_add":"no address"})"), HasSubstr("expected an address"));
}

TEST_F(DirectoryRequests, PasswordsAreKeptUnreadable) {
  ask(R"({"request":"account_add","address":"ann@configured.example","password":"hush-hush"})");
  EXPECT_EQ(ask(R"({"request":"app_password_add","address":"ann@configured.example",)"
                R"("name":"phone","password":"hush-again","for":["imap"]})")
                .front(),
            '{');
  EXPECT_THAT(ask(R"({"request":"app_password_add","address":"ann@configured.example",)"
                  R"("name":"tv","password":"hush-again","for":["telnet"]})"),
              HasSubstr("expected submission, imap or pop3"));
  const auto before = directory_->find("ann@configured.example");
  ASSERT_EQ(before->credentials.size(), 2U);
  EXPECT_TRUE(before->credentials[0].argon2id.starts_with("$argon2id$"));
  EXPECT_EQ(before->credentials[1].protocols, std::vector{directory::Protocol::imap});

  ask(R"({"request":"account_password","address":"ann@configured.example","password":"hush-new"})");
  ask(R"({"request":"account_show","address":"ann@configured.example"})");
  EXPECT_THAT(lines_.all, Each(Not(HasSubstr("hush"))));
  EXPECT_THAT(lines_.all, Each(Not(HasSubstr("argon2id"))));
  ask(R"({"request":"app_password_remove","address":"ann@configured.example","name":"phone"})");
  EXPECT_THAT(
      ask(R"({"request":"app_password_remove","address":"ann@configured.example","name":"phone"})"),
      HasSubstr("! "));
  const auto after = directory_->find("ann@configured.example");
  ASSERT_EQ(after->credentials.size(), 1U);
  EXPECT_NE(after->credentials[0].argon2id, before->credentials[0].argon2id);
}

TEST_F(DirectoryRequests, AliasesHaveTargets) {
  EXPECT_THAT(ask(R"({"request":"alias_add","address":"all@configured.example"})"),
              HasSubstr("expected at least one address"));
  EXPECT_THAT(ask(R"({"request":"alias_add","address":"all@configured.example","targets":[7]})"),
              HasSubstr("! "));
  EXPECT_THAT(
      ask(R"({"request":"alias_add","address":"all@far.example","targets":["a@x.example"]})"),
      HasSubstr("far.example"));
  const std::string view =
      "{\"alias\":\"all@configured.example\",\"targets\":[\"a@x.example\",\"b@x.example\"]}\n";
  EXPECT_EQ(ask(R"({"request":"alias_add","address":"All@configured.example",)"
                R"("targets":["a@x.example","b@x.example"]})"),
            view);
  EXPECT_EQ(ask(R"({"request":"alias_list"})"), view);
  EXPECT_EQ(ask(R"({"request":"alias_remove","address":"all@configured.example"})").front(), '{');
  EXPECT_EQ(ask(R"({"request":"alias_list"})"), "");
}

}  // namespace
}  // namespace veredus::manage
