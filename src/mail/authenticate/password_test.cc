#include "mail/authenticate/password.h"

#include <set>

#include <gtest/gtest.h>

#include "mail/authenticate/authenticate_test_support.h"
#include "wire/sasl/scram_verifier.h"

namespace veredus::authenticate {
namespace {

TEST(Password, OnlyTheRightOneFitsItsHash) {
  const auto hash = hash_password(Secret("correct horse"), kTestCost);
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
  EXPECT_TRUE(verify_password(*hash, Secret("correct horse")));
  EXPECT_FALSE(verify_password(*hash, Secret("correct horsf")));
  EXPECT_FALSE(verify_password(*hash, Secret("")));
  EXPECT_NE(*hash, hash_password(Secret("correct horse"), kTestCost)) << "a new salt";
}

TEST(Password, TheDefaultCostIsWhatOwaspAsksFor) {
  const auto hash = hash_password(Secret("correct horse"));
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
  EXPECT_TRUE(verify_password(*hash, Secret("correct horse")));
}

TEST(Password, IsHashedInTheFormAnExchangeGivesIt) {  // RFC 4013 §2.2: U+2168 is "IX"
  const auto hash = hash_password(Secret("\u2168 horses"), kTestCost);
  ASSERT_TRUE(hash);
  EXPECT_TRUE(verify_password(*hash, Secret("IX horses")));
}

struct RefusedCase {
  const char* name;
  std::string password;
};
class RefusedPassword : public testing::TestWithParam<RefusedCase> {};

TEST_P(RefusedPassword, IsNotAcceptable) {
  const Secret password(GetParam().password);
  const auto good = check_acceptable(password);
  ASSERT_FALSE(good);
  EXPECT_EQ(good.error().fault(), Fault::refused);
  EXPECT_FALSE(hash_password(password, kTestCost));
  EXPECT_FALSE(make_credential(password, {}, {}, kTestCredential));
}

INSTANTIATE_TEST_SUITE_P(All, RefusedPassword,
                         testing::Values(RefusedCase{"empty", ""},
                                         RefusedCase{"long", std::string(1025, 'x')},
                                         RefusedCase{"latin_1", "caf\xe9 au lait"},
                                         RefusedCase{"control", std::string("with\0nul", 8)}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Password, AShortOneIsWarnedAbout) {
  EXPECT_NE(warning_about(Secret("1234567")), "");
  EXPECT_EQ(warning_about(Secret("12345678")), "");
  EXPECT_NE(warning_about(Secret("äöüß")), "") << "characters, not octets";
  EXPECT_TRUE(check_acceptable(Secret("1")));
}

TEST(Password, NoHashIsVerifiedThatAsksForTooMuchOrIsNone) {
  for (const char* hash :
       {"", "$argon2id$", "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA",
        "$argon2id$v=19$m=64,t=4000000,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA",
        "$argon2id$v=19$m=99999999999,t=1,p=1$c2FsdA$aGFzaA", "$6$salt$hash", "{PLAIN}"})
    EXPECT_FALSE(verify_password(hash, Secret("correct horse"))) << hash;
}

TEST(Password, ADecoyFitsNothingAndIsAWellFormedHash) {
  const std::string decoy = make_decoy(kTestCost);
  const auto hash = hash_password(Secret("x"), kTestCost).value();
  EXPECT_EQ(decoy.size(), hash.size());
  EXPECT_EQ(decoy.substr(0, 28), hash.substr(0, 28));
  EXPECT_FALSE(verify_password(decoy, Secret("x")));
  EXPECT_NE(decoy, make_decoy(kTestCost));
}

TEST(Password, ACredentialFitsEveryMechanism) {
  const auto made = make_credential(Secret("correct horse"), {}, {}, kTestCredential);
  ASSERT_TRUE(made);
  EXPECT_TRUE(verify_password(made->argon2id, Secret("correct horse")));
  EXPECT_FALSE(is_light(made->argon2id));
  for (const std::string& text : {made->scram_sha_256, made->scram_sha_1}) {
    const auto verifier = sasl::parse_scram_verifier(text);
    ASSERT_TRUE(verifier);
    EXPECT_EQ(verifier->iterations, 4096U);
    EXPECT_EQ(verifier->salt.size(), sasl::kSaltOctets);
    const auto again =
        sasl::make_scram_verifier(verifier->hash, Secret("correct horse"),
                                  {.salt = verifier->salt, .iterations = verifier->iterations});
    EXPECT_EQ(*verifier, again.value());
  }
}

TEST(Password, OnlyGeneratedAppPasswordsAreLight) {
  const Secret generated = generate_password();
  const auto light = [](const Secret& password, const char* name) {
    return is_light(make_credential(password, name, {}, kTestCredential).value().argon2id);
  };
  EXPECT_TRUE(light(generated, "phone"));
  EXPECT_FALSE(light(generated, "")) << "an account's own password is typed by hand later";
  EXPECT_FALSE(light(Secret("chosen by hand"), "phone"));
}

TEST(Password, GeneratedOnesDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const Secret password = generate_password();
    EXPECT_EQ(password.reveal().size(), 19U);
    EXPECT_EQ(password.reveal().find_first_not_of("abcdefghijklmnopqrstuvwxyz234567-"),
              std::string_view::npos);
    EXPECT_TRUE(seen.emplace(password.reveal()).second);
  }
}

}  // namespace
}  // namespace veredus::authenticate
