// The exchange of RFC 5802 §5, octet for octet: the client's nonce is given to GNU SASL, whose
// calls for random octets come here while one is set.

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <utility>

#include <gsasl.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "wire/sasl/client_exchange.h"

namespace {
std::string& next_nonce() {
  static std::string nonce;
  return nonce;
}
}  // namespace

extern "C" int gsasl_nonce(char* data, std::size_t octets) {
  const std::string set = std::exchange(next_nonce(), {});
  if (set.size() == octets) {
    std::ranges::copy(set, data);
    return GSASL_OK;
  }
  std::random_device random;
  std::generate_n(data, octets, [&] { return static_cast<char>(random()); });
  return GSASL_OK;
}

namespace veredus::sasl {
namespace {

TEST(ScramVector, ExampleOfRfc5802) {
  next_nonce() = from_base64("fyko+d2lbbFgONRv9qkxdawL").value();
  ClientExchange client({.mechanism = Mechanism::scram_sha_1, .binding = {}},
                        {.user = "user", .password = Secret("pencil"), .authorize_as = {}});
  EXPECT_EQ(client.initial()->value(), "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
  EXPECT_EQ(client.answer("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096")
                .value(),
            "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
            "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
  EXPECT_FALSE(client.is_complete());
  EXPECT_EQ(client.answer("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=").value(), "");
  EXPECT_TRUE(client.is_complete());
}

}  // namespace
}  // namespace veredus::sasl
