// Both sides of every mechanism against each other, and the server against clients that cheat.

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "wire/sasl/client_exchange.h"
#include "wire/sasl/server_exchange.h"

namespace veredus::sasl {
namespace {

const Secret kSiteKey("a key of this site");
constexpr const char* kPassword = "correct horse";
const Binding kBinding{.exporter = std::string(32, 'e'), .unique = {}};

/// Everything that was said, and how it ended for both.
struct Outcome {
  Step end = Failed{Error(Fault::unavailable, "never ended")};
  bool client_is_complete = false;
  std::string client_error;
  std::vector<std::string> challenges;
  std::vector<std::string> responses;
};

/// What a site answers to NeedSecrets: "ann" exists, others don't.
Secrets secrets_of(Mechanism mechanism, const std::string& account) {
  const bool is_known = account == "ann";
  const auto hash = scram_hash(mechanism);
  if (!hash) return is_known ? Secret(kPassword) : fake_password(kSiteKey, account);
  if (!is_known) return fake_verifier(*hash, kSiteKey, account, kIterationsMin);
  static const auto make = [](Hash of) {
    return make_scram_verifier(
               of, Secret(kPassword),
               {.salt = std::string(kSaltOctets, 's'), .iterations = kIterationsMin})
        .value();
  };
  static const ScramVerifier sha1 = make(Hash::sha1);
  static const ScramVerifier sha256 = make(Hash::sha256);
  return *hash == Hash::sha1 ? sha1 : sha256;
}

/// Goes on until the server has decided. `tamper` may change what the client says.
class Play {
 public:
  Play(ServerOptions server, ClientOptions client, const Credentials& credentials)
      : server_(std::move(server)), client_(std::move(client), credentials) {}

  std::function<void(std::size_t index, std::string& response)> tamper = [](auto, auto&) {};

  Outcome run(bool with_initial = true) {
    std::optional<std::string> initial;
    if (with_initial) {
      const auto made = client_.initial();
      if (!made) return give_up(made.error());
      initial = *made;
      if (initial) said(*initial);
    }
    Step step = server_.start(initial);
    while (true) {
      if (const auto* need = std::get_if<NeedSecrets>(&step)) {
        step = server_.give(secrets_of(server_.mechanism(), need->account));
      } else if (const auto* challenge = std::get_if<Challenge>(&step)) {
        outcome_.challenges.push_back(challenge->text);
        auto answer = client_.answer(challenge->text);
        if (!answer) return give_up(answer.error());
        said(*answer);
        step = server_.step(*answer);
      } else {
        outcome_.end = std::move(step);
        outcome_.client_is_complete = client_.is_complete();
        return outcome_;
      }
    }
  }

 private:
  void said(std::string& response) {
    tamper(outcome_.responses.size(), response);
    outcome_.responses.push_back(response);
  }
  Outcome give_up(const Error& error) {
    outcome_.client_error = error.text();
    return outcome_;
  }

  ServerExchange server_;
  ClientExchange client_;
  Outcome outcome_;
};

std::string show(const Step& step) {
  if (const auto* check = std::get_if<CheckPassword>(&step)) {
    return "check " + check->account + '/' + check->authorize_as + '/' +
           std::string(check->password.reveal());
  }
  if (const auto* proven = std::get_if<Proven>(&step))
    return "proven " + proven->account + '/' + proven->authorize_as;
  if (const auto* failed = std::get_if<Failed>(&step)) {
    const Fault fault = failed->error.fault();
    return fault == Fault::malformed ? "malformed"
           : fault == Fault::refused ? "refused"
                                     : "trouble";
  }
  if (const auto* need = std::get_if<NeedSecrets>(&step)) return "need " + need->account;
  return "challenge " + std::get<Challenge>(step).text;
}

ServerOptions server_for(Mechanism mechanism) {
  return {.mechanism = mechanism,
          .binding = kBinding,
          .plus_offered = true,
          .certificate_account = mechanism == Mechanism::external ? "ann" : ""};
}
ClientOptions client_for(Mechanism mechanism) {
  return {.mechanism = mechanism, .binding = kBinding};
}
Credentials as(const char* user, const char* password, const char* authorize_as = "") {
  return {.user = user, .password = Secret(password), .authorize_as = authorize_as};
}

std::string label(const testing::TestParamInfo<Mechanism>& test) {
  std::string text(name(test.param));
  for (char& c : text)
    if (c == '-') c = '_';
  return text;
}

/// All but those that `is_left_out` names.
std::vector<Mechanism> mechanisms_but(bool (*is_left_out)(Mechanism)) {
  std::vector<Mechanism> left(kMechanisms.begin(), kMechanisms.end());
  std::erase_if(left, is_left_out);
  return left;
}

class EveryMechanism : public testing::TestWithParam<Mechanism> {};
INSTANTIATE_TEST_SUITE_P(Sasl, EveryMechanism, testing::ValuesIn(kMechanisms), label);

class MechanismThatNamesWhomToActAs : public testing::TestWithParam<Mechanism> {};
INSTANTIATE_TEST_SUITE_P(Sasl, MechanismThatNamesWhomToActAs,
                         testing::ValuesIn(mechanisms_but([](Mechanism mechanism) {
                           return mechanism == Mechanism::login || mechanism == Mechanism::cram_md5;
                         })),
                         label);

/// With those that send the password, it is the caller who decides.
class MechanismThatProves : public testing::TestWithParam<Mechanism> {};
INSTANTIATE_TEST_SUITE_P(Sasl, MechanismThatProves,
                         testing::ValuesIn(mechanisms_but([](Mechanism mechanism) {
                           return mechanism == Mechanism::external || sends_password(mechanism);
                         })),
                         label);

class MechanismThatPrepares : public testing::TestWithParam<Mechanism> {};
INSTANTIATE_TEST_SUITE_P(Sasl, MechanismThatPrepares,
                         testing::ValuesIn(mechanisms_but([](Mechanism mechanism) {
                           return mechanism == Mechanism::external ||
                                  mechanism == Mechanism::cram_md5;
                         })),
                         label);

/// The message of EXTERNAL is a name: another one is as good.
class MechanismWithPassword : public testing::TestWithParam<Mechanism> {};
INSTANTIATE_TEST_SUITE_P(Sasl, MechanismWithPassword,
                         testing::ValuesIn(mechanisms_but([](Mechanism mechanism) {
                           return mechanism == Mechanism::external;
                         })),
                         label);

TEST_P(EveryMechanism, LetsTheRightOneIn) {
  for (const bool with_initial : {true, false}) {
    const Mechanism mechanism = GetParam();
    const Outcome outcome =
        Play(server_for(mechanism), client_for(mechanism), as("ann", kPassword)).run(with_initial);
    const std::string want =
        sends_password(mechanism) ? "check ann//" + std::string(kPassword) : "proven ann/";
    EXPECT_EQ(show(outcome.end), want) << outcome.client_error;
    EXPECT_TRUE(outcome.client_is_complete);
  }
}

TEST_P(MechanismThatNamesWhomToActAs, IsUnderstood) {
  const Mechanism mechanism = GetParam();
  const Outcome outcome = Play(server_for(mechanism), client_for(mechanism),
                               as("ann", kPassword, "sales=team,eu@example.org"))
                              .run();
  const std::string want = mechanism == Mechanism::plain
                               ? "check ann/sales=team,eu@example.org/" + std::string(kPassword)
                               : "proven ann/sales=team,eu@example.org";
  EXPECT_EQ(show(outcome.end), want) << outcome.client_error;
}

/// Wrong password and unknown account: the same number of messages, of the same length, the same
/// end and the same words in the log.
TEST_P(MechanismThatProves, UnknownAccountLooksLikeAWrongPassword) {
  const Mechanism mechanism = GetParam();
  const auto play = [&](const char* user) {
    return Play(server_for(mechanism), client_for(mechanism), as(user, "wrong")).run();
  };
  const Outcome wrong = play("ann");
  const Outcome unknown = play("bob");
  EXPECT_EQ(show(wrong.end), "refused") << wrong.client_error;
  EXPECT_EQ(show(unknown.end), "refused") << unknown.client_error;
  EXPECT_EQ(std::get<Failed>(wrong.end).error.text(), std::get<Failed>(unknown.end).error.text());
  ASSERT_EQ(wrong.challenges.size(), unknown.challenges.size());
  for (std::size_t i = 0; i < wrong.challenges.size(); ++i) {
    // The message id of CRAM-MD5 begins with a number of no fixed length.
    if (mechanism != Mechanism::cram_md5)
      EXPECT_EQ(wrong.challenges[i].size(), unknown.challenges[i].size());
  }
  EXPECT_FALSE(scram_hash(mechanism) && wrong.client_is_complete);
}

TEST_P(MechanismThatPrepares, NonAsciiNamesAndPasswords) {
  const Mechanism mechanism = GetParam();
  // U+00AA is "a", U+00A0 is a space, U+00AD is nothing (RFC 4013 §2).
  const Outcome outcome = Play(server_for(mechanism), client_for(mechanism),
                               as("\xC2\xAAnn", "cor\xC2\xADrect\xC2\xA0horse"))
                              .run();
  const std::string want =
      sends_password(mechanism) ? "check ann//" + std::string(kPassword) : "proven ann/";
  EXPECT_EQ(show(outcome.end), want) << outcome.client_error;
}

/// What every message of a good exchange may be cut or changed to, at every octet.
TEST_P(MechanismWithPassword, NoMessageCanBeCutOrChanged) {
  const Mechanism mechanism = GetParam();
  const auto play = [&](auto tamper) {
    Play play(server_for(mechanism), client_for(mechanism), as("ann", kPassword));
    play.tamper = tamper;
    return show(play.run().end);
  };
  const std::string good = play([](auto, auto&) {});
  const Outcome model =
      Play(server_for(mechanism), client_for(mechanism), as("ann", kPassword)).run();
  for (std::size_t index = 0; index < model.responses.size(); ++index) {
    for (std::size_t at = 0; at < model.responses[index].size(); ++at) {
      SCOPED_TRACE(std::to_string(index) + ", " + std::to_string(at));
      const auto cut = [&](std::size_t i, std::string& text) {
        if (i == index) text.resize(std::min(at, text.size()));
      };
      const auto change = [&](std::size_t i, std::string& text) {
        if (i == index && at < text.size()) text[at] = text[at] == '!' ? '?' : '!';
      };
      EXPECT_NE(play(cut), good);
      EXPECT_NE(play(change), good);
    }
  }
}

TEST_P(EveryMechanism, IsOverAfterItsEnd) {
  const Mechanism mechanism = GetParam();
  ServerExchange server(server_for(mechanism));
  EXPECT_EQ(show(server.step("too early")), "refused");
  EXPECT_EQ(show(server.give(Secret("unasked"))), "refused");
  EXPECT_TRUE(std::holds_alternative<Failed>(server.start(std::string(kSaltOctets, '\xFF'))) ||
              mechanism == Mechanism::external || mechanism == Mechanism::login);
  EXPECT_EQ(show(server.start(std::nullopt)), "refused");
}

class EveryScram : public testing::TestWithParam<Mechanism> {};
INSTANTIATE_TEST_SUITE_P(Sasl, EveryScram,
                         testing::Values(Mechanism::scram_sha_256_plus, Mechanism::scram_sha_256,
                                         Mechanism::scram_sha_1_plus, Mechanism::scram_sha_1),
                         label);

/// The server's proof comes as a challenge, before success (RFC 4954 §4).
TEST_P(EveryScram, ServerProvesItselfBeforeSuccess) {
  const Outcome outcome =
      Play(server_for(GetParam()), client_for(GetParam()), as("ann", kPassword)).run();
  ASSERT_EQ(outcome.challenges.size(), 2U);
  EXPECT_TRUE(outcome.challenges.back().starts_with("v="));
  EXPECT_EQ(outcome.responses.back(), "");
}

TEST_P(EveryScram, ServerThatDoesNotKnowThePasswordIsFoundOut) {
  const Mechanism mechanism = GetParam();
  ClientExchange client(client_for(mechanism), as("ann", kPassword));
  ServerExchange server(server_for(mechanism));
  server.start(client.initial().value());
  const Step first = server.give(secrets_of(mechanism, "ann"));
  const std::string proof = client.answer(std::get<Challenge>(first).text).value();
  EXPECT_FALSE(client.is_complete());
  std::string signature = std::get<Challenge>(server.step(proof)).text;
  signature[5] = signature[5] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(client.answer(signature));
  EXPECT_FALSE(client.is_complete());
  EXPECT_FALSE(client.answer("")) << "no second chance";
}

TEST_P(EveryScram, ServerMayNotAskForTooLittleOrTooMuchWork) {
  for (const char* iterations : {"1", "4095", "1000001", "4294967296", "-1", "", "4096x"}) {
    ClientExchange client(client_for(GetParam()), as("ann", kPassword));
    const std::string initial = client.initial().value().value();
    const std::string nonce = initial.substr(initial.find("r=") + 2);
    const auto answer = client.answer("r=" + nonce + "server,s=c2FsdA==,i=" + iterations);
    ASSERT_FALSE(answer) << iterations;
    EXPECT_EQ(answer.error().fault(), Fault::refused);
  }
}

TEST_P(EveryScram, ServersErrorIsShown) {
  ClientExchange client(client_for(GetParam()), as("ann", kPassword));
  ASSERT_TRUE(client.initial());
  EXPECT_EQ(client.answer("e=unknown-user").error().text(), "the server says: unknown-user");
}

TEST_P(EveryScram, SecretsMustBeForTheMechanism) {
  const Mechanism mechanism = GetParam();
  const Hash other = scram_hash(mechanism) == Hash::sha1 ? Hash::sha256 : Hash::sha1;
  for (const Secrets& wrong :
       {Secrets(Secret(kPassword)), Secrets(fake_verifier(other, kSiteKey, "ann", 4096))}) {
    ClientExchange client(client_for(mechanism), as("ann", kPassword));
    ServerExchange server(server_for(mechanism));
    EXPECT_EQ(show(server.start(client.initial().value())), "need ann");
    EXPECT_EQ(show(server.give(wrong)), "trouble");
    EXPECT_EQ(show(server.step("")), "refused");
  }
}

struct BindingCase {
  const char* name;
  Mechanism server;
  Mechanism client;
  Binding server_binding;
  Binding client_binding;
  bool plus_offered;  ///< By the server.
  const char* want;
};

void PrintTo(const BindingCase& c, std::ostream* out) { *out << c.name; }

class ChannelBinding : public testing::TestWithParam<BindingCase> {};

TEST_P(ChannelBinding, TiesTheExchangeToTheChannel) {
  const BindingCase& c = GetParam();
  const Outcome outcome =
      Play({.mechanism = c.server,
            .binding = c.server_binding,
            .plus_offered = c.plus_offered,
            .certificate_account = {}},
           {.mechanism = c.client, .binding = c.client_binding}, as("ann", kPassword))
          .run();
  EXPECT_EQ(show(outcome.end), c.want) << outcome.client_error;
}

const Binding kOther{.exporter = std::string(32, 'o'), .unique = {}};
const Binding kUnique{.exporter = {}, .unique = std::string(12, 'u')};
const Binding kOtherUnique{.exporter = {}, .unique = std::string(12, 'v')};
const Binding kBoth{.exporter = kBinding.exporter, .unique = kUnique.unique};
const Binding kNoBinding;
constexpr Mechanism kPlus = Mechanism::scram_sha_256_plus;
constexpr Mechanism kBare = Mechanism::scram_sha_256;

INSTANTIATE_TEST_SUITE_P(
    Rfc5802Section6, ChannelBinding,
    testing::Values(
        BindingCase{"exporter", kPlus, kPlus, kBinding, kBinding, true, "proven ann/"},
        BindingCase{"unique", kPlus, kPlus, kUnique, kUnique, true, "proven ann/"},
        BindingCase{"client_picks", kPlus, kPlus, kBoth, kUnique, true, "proven ann/"},
        BindingCase{"man_in_the_middle", kPlus, kPlus, kBinding, kOther, true, "refused"},
        BindingCase{"man_in_tls_1_2", kPlus, kPlus, kUnique, kOtherUnique, true, "refused"},
        BindingCase{"other_type", kPlus, kPlus, kBinding, kUnique, true, "refused"},
        BindingCase{"server_has_none", kPlus, kPlus, kNoBinding, kBinding, true, "refused"},
        BindingCase{"plus_by_name_only", kPlus, kBare, kBinding, kNoBinding, true, "refused"},
        BindingCase{"bound_without_plus", kBare, kPlus, kBinding, kBinding, true, "refused"},
        BindingCase{"bound_never_offered", kBare, kPlus, kNoBinding, kBinding, false, "refused"},
        BindingCase{"not_offered", kBare, kBare, kBinding, kBinding, false, "proven ann/"},
        BindingCase{"not_offered_no_tls", kBare, kBare, kNoBinding, kNoBinding, false,
                    "proven ann/"},
        BindingCase{"client_can_not", kBare, kBare, kBinding, kNoBinding, true, "proven ann/"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace veredus::sasl
