#include "mail/queue/envelope.h"

#include <gtest/gtest.h>

#include "base/tlv.h"

namespace veredus::queue {
namespace {

smtp::Address address(std::string_view text) {
  return *smtp::Address::parse(text, {.utf8_local_part = true});
}

Envelope full_envelope() {
  Envelope envelope;
  envelope.id = QueueId{0x123456789abcdef0};
  envelope.sender = smtp::ReversePath(address("\"a b\"@sender.example"));
  envelope.recipients.push_back({address("bob@example.org"), {}, {}, {}, {}});
  envelope.recipients.push_back({address("jörg@[192.0.2.1]"),
                                 "alias@example.org",
                                 smtp::OriginalRecipient{"rfc822", "x y@example.org"},
                                 smtp::Notify{.failure = true, .delay = true},
                                 {}});
  envelope.recipients.push_back({address("c@example.org"), {}, {}, smtp::Notify{}, {}});
  envelope.received_at = WallTime(std::chrono::microseconds(1'700'000'000'123'456));
  envelope.size = 5'000'000'000;
  envelope.chunk_count = 19074;
  envelope.body = smtp::Body::binary_mime;
  envelope.utf8 = true;
  envelope.ret = smtp::Ret::headers;
  envelope.envid = "QQ 314159";
  envelope.message_id = "<1@sender.example>";
  envelope.origin = {.client = "192.0.2.7:25",
                     .helo = "sender.example",
                     .protocol = "ESMTP",
                     .auth_identity = "al",
                     .session = 7};
  return envelope;
}

/// Members one by one, for comparison and for the message when it fails.
void expect_same(const Envelope& got, const Envelope& want) {
  EXPECT_EQ(got.id, want.id);
  EXPECT_EQ(got.sender, want.sender);
  ASSERT_EQ(got.recipients.size(), want.recipients.size());
  for (std::size_t i = 0; i < want.recipients.size(); ++i) {
    EXPECT_EQ(got.recipients[i].address, want.recipients[i].address);
    EXPECT_EQ(got.recipients[i].original, want.recipients[i].original);
    EXPECT_EQ(got.recipients[i].orcpt, want.recipients[i].orcpt);
    EXPECT_EQ(got.recipients[i].notify, want.recipients[i].notify);
    EXPECT_EQ(got.recipients[i].unknown, want.recipients[i].unknown);
  }
  EXPECT_EQ(got.received_at, want.received_at);
  EXPECT_EQ(got.size, want.size);
  EXPECT_EQ(got.chunk_count, want.chunk_count);
  EXPECT_EQ(got.body, want.body);
  EXPECT_EQ(got.utf8, want.utf8);
  EXPECT_EQ(got.ret, want.ret);
  EXPECT_EQ(got.envid, want.envid);
  EXPECT_EQ(got.message_id, want.message_id);
  EXPECT_EQ(got.origin.client, want.origin.client);
  EXPECT_EQ(got.origin.helo, want.origin.helo);
  EXPECT_EQ(got.origin.protocol, want.origin.protocol);
  EXPECT_EQ(got.origin.auth_identity, want.origin.auth_identity);
  EXPECT_EQ(got.origin.session, want.origin.session);
  EXPECT_EQ(got.unknown, want.unknown);
}

TEST(Envelope, ReadsBackWhatItWrote) {
  const Envelope envelope = full_envelope();
  const auto back = decode_envelope(encode(envelope));
  ASSERT_TRUE(back) << back.error().text();
  expect_same(*back, envelope);
}

TEST(Envelope, ReadsBackTheSmallest) {
  const auto back = decode_envelope(encode(Envelope()));
  ASSERT_TRUE(back) << back.error().text();
  expect_same(*back, Envelope());
  EXPECT_TRUE(back->sender.is_null());
}

TEST(Envelope, KeepsPresentButEmptyApartFromAbsent) {
  Envelope envelope;
  envelope.envid = "";
  envelope.recipients.push_back(
      {address("a@example.org"), {}, smtp::OriginalRecipient{}, smtp::Notify{}, {}});
  const auto back = decode_envelope(encode(envelope));
  ASSERT_TRUE(back) << back.error().text();
  expect_same(*back, envelope);
}

TEST(Envelope, KeepsFieldsOfANewerFormat) {
  std::string future;
  FieldWriter(future).record(1000, "hold-until");
  Envelope envelope = full_envelope();
  envelope.unknown = future;
  envelope.recipients[1].unknown = future;
  const std::string octets = encode(envelope);
  const auto back = decode_envelope(octets);
  ASSERT_TRUE(back) << back.error().text();
  expect_same(*back, envelope);
  EXPECT_EQ(encode(*back), octets);
}

TEST(Envelope, RefusesAnUnknownVersion) {
  std::string octets = encode(full_envelope());
  octets[0] = 2;
  ASSERT_FALSE(decode_envelope(octets));
  EXPECT_NE(decode_envelope(octets).error().text().find("newer"), std::string::npos);
  EXPECT_FALSE(decode_brief(octets));
  EXPECT_FALSE(decode_envelope(""));
}

// Cut anywhere: an error, or (cut between two fields) a shorter envelope; never more than was
// there.
TEST(Envelope, SurvivesEveryCut) {
  const std::string octets = encode(full_envelope());
  std::size_t refused = 0;
  for (std::size_t length = 0; length < octets.size(); ++length) {
    const auto cut = decode_envelope(std::string_view(octets).substr(0, length));
    refused += cut ? 0 : 1;
    if (cut) EXPECT_TRUE(octets.starts_with(encode(*cut)) || length < octets.size());
  }
  EXPECT_GT(refused, octets.size() / 2);
}

TEST(Envelope, BriefReadingSeesTheSameRecipients) {
  const auto brief = decode_brief(encode(full_envelope()));
  ASSERT_TRUE(brief) << brief.error().text();
  ASSERT_EQ(brief->recipients.size(), 3U);
  EXPECT_EQ(brief->sender, sender_key(full_envelope()));
  EXPECT_EQ(brief->recipients[1].address, address("jörg@[192.0.2.1]"));
}

TEST(Envelope, RefusesARecipientWithoutAnAddress) {
  std::string octets(1, '\1');
  FieldWriter(octets).record(3, "");
  const auto got = decode_envelope(octets);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().text(), "a recipient has no address");
}

TEST(Standing, ReadsBackWhatItWrote) {
  Standing standing;
  standing.state = State::deferred;
  standing.attempts = 300;
  standing.next_attempt = WallTime(std::chrono::milliseconds(1'800'000'000'001));
  standing.last_attempt = WallTime(std::chrono::milliseconds(1'800'000'000'000));
  standing.reply = "450 4.2.0 Greylisted\n450 4.2.0 come back";
  standing.remote = "mx.example.org[192.0.2.9]";
  FieldWriter(standing.unknown).record(77, std::string("\0\1", 2));
  const auto back = decode_standing(encode(standing));
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(back->state, standing.state);
  EXPECT_EQ(back->attempts, standing.attempts);
  EXPECT_EQ(back->next_attempt, standing.next_attempt);
  EXPECT_EQ(back->last_attempt, standing.last_attempt);
  EXPECT_EQ(back->reply, standing.reply);
  EXPECT_EQ(back->remote, standing.remote);
  EXPECT_EQ(back->unknown, standing.unknown);
}

TEST(Standing, RefusesAStateNobodyKnows) {
  std::string octets(1, '\1');
  FieldWriter(octets).number(1, 9);
  EXPECT_FALSE(decode_standing(octets));
}

TEST(Tlv, NumbersReadBackAndDoNotOverflow) {
  for (const std::uint64_t number : {0ULL, 1ULL, 127ULL, 128ULL, 1ULL << 63, ~0ULL}) {
    std::string octets;
    put_varint(octets, number);
    EXPECT_EQ(number_of(octets), number);
  }
  EXPECT_EQ(number_of(std::string(9, '\xff') + '\x02'), std::nullopt);
  EXPECT_EQ(number_of(std::string(10, '\x80') + '\x01'), std::nullopt);
  EXPECT_EQ(number_of("\x80"), std::nullopt);
  EXPECT_EQ(number_of(""), std::nullopt);
}

}  // namespace
}  // namespace veredus::queue
