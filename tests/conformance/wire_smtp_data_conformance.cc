// Where a message ends: Dovecot's dot streams and the smuggling sequences.

#include <array>
#include <string>

#include "testdata.h"
#include "wire/smtp/data_decoder.h"
#include "wire/smtp/data_encoder.h"

namespace veredus::conformance {
namespace {

using smtp::BareNewline;
using smtp::DataDecoder;

class DataSuite : public Testdata {};

TEST_F(DataSuite, DovecotDotStreams) {
  Verdicts verdicts({});
  const auto suite = read_json("dovecot-vectors-a/istream-dot.json");
  for (const auto& row : suite.at("tests").as_array()) {
    const std::string_view kind = row.at(0).as_string();
    if (kind == "END_OF_TESTS") continue;
    const std::string input = octets(row.at(1));
    DataDecoder decoder;
    std::string message;
    const auto step = decoder.feed(input, message);
    if (kind == "STRICT_EOT") {
      verdicts.judge(input, step.complete && message == octets(row.at(2)) &&
                                input.substr(step.consumed) == octets(row.at(3)));
    } else {
      // Without an end there is none for us either; and a loose end is never one.
      verdicts.judge(input, !step.complete);
    }
  }
}

/// `sequence` in the middle of a message: no end, and nothing that the next hop could take for one.
void expect_harmless(const std::string& sequence) {
  const std::string wire = "text" + sequence + "MAIL FROM:<evil@example.org>\r\n.\r\n";
  for (const BareNewline tolerance : {BareNewline::refuse, BareNewline::convert}) {
    DataDecoder decoder(tolerance);
    std::string message;
    const auto step = decoder.feed(wire, message);
    EXPECT_EQ(step.consumed, wire.size()) << "must not end the message";
    EXPECT_TRUE(decoder.has_bare_newline() || decoder.has_nul()) << "must be noticed";

    DataDecoder next_hop;
    std::string there;
    const std::string relayed = smtp::encode_data(message);
    EXPECT_EQ(next_hop.feed(relayed, there).consumed, relayed.size());
    EXPECT_FALSE(next_hop.has_bare_newline());
    EXPECT_EQ(relayed.find("\r\n.\r\n"), relayed.size() - 5) << "one end, the last";
  }
}

TEST_F(DataSuite, BadEndings) {
  for (const auto& [name, value] :
       read_json("smtp-smuggling/smtpsmug-bad-endings.json").at("tests").as_object()) {
    if (name == "pipelining") continue;  // A sentence about a server, not a sequence.
    SCOPED_TRACE(std::string(name));
    expect_harmless(std::string(value.as_string()));
  }
}

TEST_F(DataSuite, EndOfDataSequences) {
  const auto suite = read_json("smtp-smuggling/the-login-end-of-data-sequences.json");
  for (const char* list : {"inbound_eod_sequences", "outbound_eod_sequences"}) {
    for (const auto& value : suite.at(list).as_array()) {
      SCOPED_TRACE(serialize(value));
      expect_harmless(std::string(value.as_string()));
    }
  }
}

}  // namespace
}  // namespace veredus::conformance
