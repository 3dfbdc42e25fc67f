// Against the real Linux-PAM, with service files of our own in a temporary folder. The password is
// checked by pam_exec with a script, which works for any user of the machine.

#include "mail/authenticate/pam_backend.h"

#include <filesystem>
#include <fstream>
#include <optional>

#include <gtest/gtest.h>

#include "io/temporary_folder.h"
#include "mail/authenticate/authenticate_test_support.h"

namespace veredus::authenticate {
namespace {

class PamTest : public testing::Test {
 protected:
  PamTest() {
    write("check",
          "#!/bin/sh\nread -r password\n"
          "[ \"$PAM_USER\" = ann ] && [ \"$password\" = 'correct horse' ]\n");
    std::filesystem::permissions(folder.path() + "/check", std::filesystem::perms::owner_all);
    write("veredus", "auth required pam_exec.so quiet expose_authtok " + folder.path() +
                         "/check\naccount required pam_permit.so\n");
    write("denying", "auth required pam_deny.so\naccount required pam_permit.so\n");
    write("expired", "auth required pam_permit.so\naccount required pam_deny.so\n");
    write("broken", "auth required pam_no_such_module.so\naccount required pam_permit.so\n");
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder.path() + "/" + name) << text;
  }

  Result<bool> ask(std::string user, std::string password, std::string service = "veredus") const {
    return ask_pam({.service = std::move(service),
                    .folder = folder.path(),
                    .user = std::move(user),
                    .client = "192.0.2.1",
                    .password = Secret(std::move(password))});
  }

  io::TemporaryFolder folder;
};

TEST_F(PamTest, ChecksThePassword) {
  EXPECT_EQ(ask("ann", "correct horse"), true);
  EXPECT_EQ(ask("ann", "wrong horse"), false);
  EXPECT_EQ(ask("bob", "correct horse"), false);
  EXPECT_EQ(ask("ann", ""), false);
  EXPECT_EQ(ask("ann", std::string("correct horse\0x", 15)), false) << "C's end of string";
  EXPECT_EQ(ask(std::string("ann\0x", 5), "correct horse"), false);
}

TEST_F(PamTest, BothOfPamsQuestionsCount) {
  EXPECT_EQ(ask("ann", "correct horse", "denying"), false);
  EXPECT_NE(ask("ann", "correct horse", "expired"), true);
  EXPECT_NE(ask("ann", "correct horse", "broken"), true);
}

TEST_F(PamTest, ALoginAtAPamDomainIsAUser) {
  Site site;
  auto config = Site::make_config();
  config.pam.domains = {"users.example"};
  site.start(config, folder.path());
  const auto hear = [&](const char* user, const char* password) {
    return site.hear({.user = user, .password = password});
  };
  EXPECT_EQ(hear("Ann@users.example", "correct horse"), "ok ann@users.example");
  EXPECT_EQ(hear("ann@users.example", "wrong"), "refused");
  EXPECT_EQ(hear("bob@users.example", "correct horse"), "refused");
  EXPECT_EQ(hear("ann@example.org", "correct horse"), "ok ann@example.org") << "stored, as ever";
  EXPECT_EQ(hear("ann@other.example", "correct horse"), "refused");

  EXPECT_EQ(site.hear({.user = "ann@users.example", .mechanism = sasl::Mechanism::scram_sha_256}),
            "refused")
      << "PAM has no verifiers";
  site.add("ann@users.example").disabled = true;
  EXPECT_EQ(hear("ann@users.example", "correct horse"), "refused");
}

}  // namespace
}  // namespace veredus::authenticate
