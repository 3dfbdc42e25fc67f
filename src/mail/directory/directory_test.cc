#include "mail/directory/directory.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/sim/test_support.h"
#include "io/sim/world.h"
#include "io/temporary_folder.h"
#include "storage/memory/memory_storage.h"

namespace veredus::directory {
namespace {

using testing::HasSubstr;

TEST(AccountsFile, IsRead) {
  const auto accounts = parse_accounts(
      "# people\n\n"
      "Ann@Example.org {ARGON2ID}$argon2id$x {SCRAM-SHA-256}SCRAM-SHA-256$4096:a$b:c "
      "send-as=@example.org send-as=boss@x.example per-hour=10 per-day=20 quota=1GiB\n"
      "ann@example.org/phone\t{ARGON2ID}$light for=submission,imap\r\n"
      "old@example.org disabled\n"
      "app@example.org {PLAIN}se{}cret=1",
      "f");
  ASSERT_TRUE(accounts) << accounts.error().text();
  ASSERT_EQ(accounts->size(), 3U);
  const Account& ann = accounts->at("ann@example.org");
  EXPECT_EQ(ann.send_as, (std::vector<std::string>{"@example.org", "boss@x.example"}));
  EXPECT_EQ(ann.recipients_per_hour, 10U);
  EXPECT_EQ(ann.recipients_per_day, 20U);
  EXPECT_EQ(ann.quota_bytes, 1'073'741'824U);
  ASSERT_EQ(ann.credentials.size(), 2U);
  EXPECT_EQ(ann.credentials[0].argon2id, "$argon2id$x");
  EXPECT_EQ(ann.credentials[0].scram_sha_256, "SCRAM-SHA-256$4096:a$b:c");
  EXPECT_EQ(ann.credentials[1].name, "phone");
  EXPECT_EQ(ann.credentials[1].protocols, (std::vector{Protocol::submission, Protocol::imap}));
  EXPECT_TRUE(accounts->at("old@example.org").disabled);
  EXPECT_EQ(accounts->at("app@example.org").credentials[0].argon2id, "{PLAIN}se{}cret=1");
}

TEST(AccountsFile, AllThatIsWrongIsToldWithItsLineAndNoPassword) {
  const auto accounts = parse_accounts(
      "nobody\na@x.example {MD5}secret\na@x.example {ARGON2ID}\n\nb@x.example secret\n"
      "c@x.example {ARGON2ID}one {ARGON2ID}two\nd@x.example color=red per-hour=x quota=much "
      "for=ftp "
      "send-as=@\ne@x.example {ARGON2ID}one\ne@x.example {ARGON2ID}two\nf@x.example/app\n"
      "f@x.example/old disabled\n",
      "f");
  ASSERT_FALSE(accounts);
  const std::string& text = accounts.error().text();
  for (const char* part :
       {"f:1: not an address: nobody", "f:2: unknown scheme {MD5}", "f:3: {ARGON2ID}: nothing",
        "f:5: unknown word", "f:6: two passwords", "f:7: unknown key color", "f:7: per-hour",
        "f:7: quota: expected a size", "f:7: for: unknown protocol ftp", "f:7: send-as",
        "f:9: e@x.example: named twice", "f:10: an app password needs one",
        "f:11: disabled is for the account"})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(text, testing::Not(HasSubstr("{MD5}secret")));
}

TEST(AccountsFile, ALineIsReadBack) {
  for (const Credential& credential :
       {Credential{"", "$argon2id$a", "SCRAM-SHA-256$1:a$b:c", "SCRAM-SHA-1$1:a$b:c", {}, {}},
        Credential{"phone", "$argon2id$a", "", "", {Protocol::imap, Protocol::pop3}, {}},
        Credential{"", "{PLAIN}x", "", "", {}, {}}}) {
    const auto accounts = parse_accounts(account_line("a@x.example", credential), "f");
    ASSERT_TRUE(accounts) << accounts.error().text();
    EXPECT_EQ(accounts->at("a@x.example").credentials.at(0), credential);
  }
}

TEST(Directory, ReadsTheFileAgainWhenItChanges) {
  const io::TemporaryFolder folder;
  const std::string file = folder.path() + "/accounts";
  const auto write = [&file](const std::string& text) { std::ofstream(file) << text; };
  write("a@x.example {ARGON2ID}one\n");
  sim::World world(1);
  storage::MemoryStorage disk(world.system().clock);
  auto directory = Directory::open({.file = file}, world.system(), disk);
  ASSERT_TRUE(directory);
  world.spawn("watch", Directory::watch(**directory));
  EXPECT_TRUE((*directory)->find("a@x.example"));
  EXPECT_FALSE((*directory)->find("b@x.example"));
  write("a@x.example {ARGON2ID}one\nb@x.example {ARGON2ID}two\n");
  world.run_for(std::chrono::seconds(11));
  EXPECT_TRUE((*directory)->find("b@x.example"));
  write("nonsense\n");
  world.run_for(std::chrono::seconds(11));
  EXPECT_TRUE((*directory)->find("b@x.example")) << "a bad file changes nothing";
}

TEST(Directory, NamesAFileThatIsNotThere) {
  sim::World world(1);
  storage::MemoryStorage disk(world.system().clock);
  EXPECT_TRUE(Directory::open({}, world.system(), disk));
  const auto directory = Directory::open({.file = "/nowhere/accounts"}, world.system(), disk);
  ASSERT_FALSE(directory);
  EXPECT_THAT(directory.error().text(),
              HasSubstr("/nowhere/accounts: the accounts cannot be read"));
}

Account some_account() {
  Account account;
  account.address = "ann@x.example";
  account.disabled = true;
  account.quota_bytes = 5;
  account.send_as = {"@x.example", "b@y.example"};
  account.recipients_per_hour = 7;
  account.recipients_per_day = 8;
  account.created = WallTime(std::chrono::seconds(1000));
  account.credentials = {
      {"", "argon", "scram", "scram1", {}, account.created},
      {"phone", "light", "", "", {Protocol::submission, Protocol::pop3}, account.created}};
  return account;
}

TEST(Kept, AnAccountIsReadBack) {
  const Account account = some_account();
  const auto read = decode_account(account.address, encode(account));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(*read, account);
  EXPECT_FALSE(decode_account("a@b", ""));
  EXPECT_FALSE(decode_account("a@b", "\2"));
  EXPECT_FALSE(decode_account("a@b", encode(account).substr(0, 20)));
}

class ChangesTest : public testing::Test {
 protected:
  ChangesTest() { open(); }
  ~ChangesTest() override { world_.crash(); }

  void open() {
    directory_ = std::move(*Directory::open({}, world_.system(), disk_));
    directory_->connect({.check = [](const Kept& kept, const Accounts&) -> Result<> {
                           if (kept.domains.contains("bad.example"))
                             return fail(Fault::refused, "bad");
                           return {};
                         },
                         .changed = [this] { ++changes_; },
                         .is_configured = {}});
    bool done = false;
    world_.spawn("load", load(*directory_, done));
    world_.run_until([&] { return done; });
  }
  static io::Task<> load(Directory& directory, bool& done) {
    const Result<> loaded = co_await directory.load();
    EXPECT_TRUE(loaded);
    done = true;
  }
  static io::Task<> change(Directory& directory, Directory::Edit edit, Result<>& into, int& open) {
    into = co_await directory.change(std::move(edit));
    --open;
  }
  std::string change(Directory::Edit edit) {
    Result<> done;
    int open = 1;
    world_.spawn("change", change(*directory_, std::move(edit), done, open));
    world_.run_until([&] { return open == 0; });
    return done ? "ok" : done.error().text();
  }
  static Directory::Edit put_domain(const std::string& name) {
    return [name](Draft& draft) -> Result<> {
      draft.put_domain(name, Domain());
      return {};
    };
  }

  sim::World world_{1};
  storage::MemoryStorage disk_{world_.system().clock};
  std::unique_ptr<Directory> directory_;
  int changes_ = 0;
};

TEST_F(ChangesTest, LastAndTakeEffectAtOnce) {
  EXPECT_EQ(change([](Draft& draft) -> Result<> {
              draft.put_domain("x.example", Domain());
              draft.put_account(some_account());
              draft.put_alias("all@x.example", {{"ann@x.example", "b@y.example"}, {}});
              return {};
            }),
            "ok");
  EXPECT_EQ(changes_, 1);
  EXPECT_EQ(directory_->find("ann@x.example"), some_account());
  open();
  EXPECT_EQ(directory_->find("ann@x.example"), some_account());
  EXPECT_EQ(directory_->kept()->aliases.at("all@x.example").targets.size(), 2U);
  EXPECT_TRUE(directory_->kept()->domains.contains("x.example"));
  EXPECT_EQ(change([](Draft& draft) -> Result<> {
              draft.remove_account("ann@x.example");
              draft.remove_alias("all@x.example");
              draft.remove_domain("x.example");
              return {};
            }),
            "ok");
  open();
  EXPECT_FALSE(directory_->find("ann@x.example"));
  EXPECT_TRUE(directory_->kept()->domains.empty() && directory_->kept()->aliases.empty());
}

TEST_F(ChangesTest, WhatIsRefusedOrNotCommittedChangesNothing) {
  EXPECT_EQ(change(put_domain("bad.example")), "bad");
  disk_.fail_commit(0, Fault::overloaded);
  EXPECT_NE(change(put_domain("x.example")), "ok");
  EXPECT_EQ(changes_, 0);
  EXPECT_TRUE(directory_->kept()->domains.empty());
  open();
  EXPECT_TRUE(directory_->kept()->domains.empty());
}

TEST_F(ChangesTest, ComeOneAfterTheOther) {
  std::array<Result<>, 3> done;
  int open_changes = 3;
  for (int i = 0; i < 3; ++i)
    world_.spawn("change", change(*directory_, put_domain("x" + std::to_string(i) + ".example"),
                                  done.at(static_cast<std::size_t>(i)), open_changes));
  world_.run_until([&] { return open_changes == 0; });
  EXPECT_EQ(directory_->kept()->domains.size(), 3U);
  open();
  EXPECT_EQ(directory_->kept()->domains.size(), 3U);
}

}  // namespace
}  // namespace veredus::directory
