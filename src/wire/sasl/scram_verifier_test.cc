#include "wire/sasl/scram_verifier.h"

#include <array>
#include <cstddef>
#include <string>

#include <gtest/gtest.h>
#include <sodium.h>

#include "base/base64.h"

namespace veredus::sasl {
namespace {

const Secret kPencil("pencil");

std::string hmac_sha_256(std::string_view key, std::string_view text) {
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> mac{};
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(key.data()),
                              key.size());
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(text.data()),
                                text.size());
  crypto_auth_hmacsha256_final(&state, mac.data());
  return {mac.begin(), mac.end()};
}

std::string sha_256(std::string_view text) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  return {hash.begin(), hash.end()};
}

std::string xored(std::string a, std::string_view b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<char>(a[i] ^ b[i]);
  return a;
}

/// The example of RFC 7677 §3: from what the server keeps, both proofs can be checked and made.
TEST(ScramVerifier, FitsTheExampleOfRfc7677) {
  const auto verifier =
      make_scram_verifier(Hash::sha256, kPencil,
                          {.salt = *from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="), .iterations = 4096});
  ASSERT_TRUE(verifier) << verifier.error().text();
  const std::string exchange =
      "n=user,r=rOprNGfwEbeRWgbNEkqO,"
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  const std::string proof = *from_base64("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  const std::string client_key = xored(proof, hmac_sha_256(verifier->stored_key, exchange));
  EXPECT_EQ(sha_256(client_key), verifier->stored_key);
  EXPECT_EQ(to_base64(hmac_sha_256(verifier->server_key, exchange)),
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST(ScramVerifier, IsMadeOfThePreparedPassword) {
  const ScramCost cost{.salt = "0123456789abcdef", .iterations = kIterationsMin};
  const auto make = [&](const char* password) {
    return make_scram_verifier(Hash::sha256, Secret(password), cost);
  };
  // RFC 4013 §3: soft hyphen, Roman numeral nine, feminine ordinal.
  EXPECT_EQ(make("I\xC2\xADX").value(), make("IX").value());
  EXPECT_EQ(make("\xE2\x85\xA8").value(), make("IX").value());
  EXPECT_EQ(make("\xC2\xAA").value(), make("a").value());
  EXPECT_NE(make("USER").value(), make("user").value());
  EXPECT_EQ(make("\x07").error().fault(), Fault::refused);
  EXPECT_EQ(make("\xD8\xA7\x31").error().fault(), Fault::refused);
  EXPECT_EQ(make("\xFF").error().fault(), Fault::refused);
  EXPECT_EQ(make("").error().fault(), Fault::refused);
  EXPECT_EQ(make("\xC2\xAD").error().fault(), Fault::refused);
  EXPECT_FALSE(make_scram_verifier(Hash::sha1, Secret(std::string("a\0b", 3)), cost));
}

TEST(ScramVerifier, CostHasBounds) {
  const auto make = [](const char* salt, std::uint32_t iterations) {
    return make_scram_verifier(Hash::sha1, kPencil, {.salt = salt, .iterations = iterations});
  };
  EXPECT_TRUE(make("salt", kIterationsMin));
  EXPECT_FALSE(make("", kIterationsMin));
  EXPECT_FALSE(make("salt", kIterationsMin - 1));
  EXPECT_FALSE(make("salt", kIterationsMax + 1));
}

TEST(ScramVerifier, TextComesBack) {
  for (const Hash hash : {Hash::sha1, Hash::sha256}) {
    const ScramVerifier verifier = fake_verifier(hash, Secret("key"), "ann", 4096);
    const auto again = parse_scram_verifier(to_text(verifier));
    ASSERT_TRUE(again) << to_text(verifier);
    EXPECT_EQ(*again, verifier);
  }
}

/// RFC 5802 §5's account, in the form of RFC 5803 §2.
TEST(ScramVerifier, TextIsThatOfRfc5803) {
  const auto verifier = make_scram_verifier(
      Hash::sha1, kPencil, {.salt = *from_base64("QSXCR+Q6sek8bf92"), .iterations = 4096});
  ASSERT_TRUE(verifier);
  EXPECT_EQ(to_text(*verifier),
            "SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:"
            "D+CSWLOshSulAsxiupA+qs2/fTE=");
}

class NotAVerifier : public testing::TestWithParam<std::string_view> {};

TEST_P(NotAVerifier, IsMalformed) {
  const auto read = parse_scram_verifier(GetParam());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().fault(), Fault::malformed);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc5803Section2, NotAVerifier,
    testing::Values("", "SCRAM-SHA-1", "SCRAM-SHA-1$4096", "PLAIN$4096:QUFB$QUFB:QUFB",
                    "SCRAM-SHA-1-PLUS$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:"
                    "D+CSWLOshSulAsxiupA+qs2/fTE=",
                    "SCRAM-SHA-1$0:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:"
                    "D+CSWLOshSulAsxiupA+qs2/fTE=",
                    "SCRAM-SHA-1$4096:$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE=",
                    "SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$QUFB:D+CSWLOshSulAsxiupA+qs2/fTE=",
                    "SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:QUFB",
                    "SCRAM-SHA-256$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:"
                    "D+CSWLOshSulAsxiupA+qs2/fTE=",
                    "SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:"
                    "D+CSWLOshSulAsxiupA+qs2/fTE= "));

TEST(FakeVerifier, IsTheSameForTheSameAndElseDiffers) {
  const Secret key("0123456789");
  const ScramVerifier ann = fake_verifier(Hash::sha256, key, "ann@example.org", 10000);
  EXPECT_EQ(ann, fake_verifier(Hash::sha256, key, "ann@example.org", 10000));
  EXPECT_EQ(ann.salt.size(), kSaltOctets);
  EXPECT_EQ(ann.iterations, 10000U);
  EXPECT_NE(ann.salt, fake_verifier(Hash::sha256, key, "bob@example.org", 10000).salt);
  EXPECT_NE(ann.salt, fake_verifier(Hash::sha256, Secret("other"), "ann@example.org", 10000).salt);
  EXPECT_NE(ann.salt, fake_verifier(Hash::sha1, key, "ann@example.org", 10000).salt);
  EXPECT_NE(ann.stored_key, ann.server_key);
  EXPECT_TRUE(fake_password(key, "ann") == fake_password(key, "ann"));
  EXPECT_FALSE(fake_password(key, "ann") == fake_password(key, "bob"));
}

}  // namespace
}  // namespace veredus::sasl
