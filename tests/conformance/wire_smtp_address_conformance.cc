// Addresses: the isemail suites and mox's cases.

#include <array>
#include <string>

#include <pugixml.hpp>

#include "testdata.h"
#include "wire/smtp/address.h"

namespace veredus::conformance {
namespace {

using smtp::Address;

bool accepts(std::string_view text) {
  return Address::parse(text, {.utf8_local_part = true}).has_value();
}

/// U+2400 + n stands for control n: XML cannot hold it (notes in tests.xml).
std::string with_controls(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool symbol = text.substr(at).starts_with("\xE2\x90") && at + 2 < text.size() &&
                        static_cast<unsigned char>(text[at + 2]) < 0xA0;
    if (symbol) {
      out += static_cast<char>(static_cast<unsigned char>(text[at + 2]) - 0x80);
      at += 2;
    } else {
      out += text[at];
    }
  }
  return out;
}

/// Every address of an XML suite against its category: valid in SMTP, or not.
void run_xml(const char* file, std::span<const Deviation> deviations) {
  pugi::xml_document document;
  const auto loaded = document.load_file(testdata(file).c_str(),
                                         pugi::parse_default | pugi::parse_ws_pcdata_single);
  ASSERT_TRUE(loaded) << loaded.description();
  Verdicts verdicts(deviations);
  for (const pugi::xml_node test : document.child("tests").children("test")) {
    const std::string address = with_controls(test.child_value("address"));
    const std::string_view category = test.child_value("category");
    const bool valid = category == "ISEMAIL_VALID_CATEGORY" || category == "ISEMAIL_RFC5321" ||
                       category == "ISEMAIL_DNSWARN";
    const std::string name = test.attribute("id").value();
    verdicts.judge(name, accepts(address) == valid, address + " " + test.child_value("diagnosis"));
  }
}

/// Four cases hold half a surrogate pair, which JSON cannot say: it becomes the same in bad UTF-8.
boost::json::value read_with_half_surrogates(std::string_view file) {
  constexpr std::string_view kHalf = "\\ud800";
  std::string text = read(file);
  for (std::size_t at = 0; (at = text.find(kHalf, at)) != std::string::npos; ++at) {
    const bool whole_pair = text.compare(at + kHalf.size(), 3, "\\ud") == 0;
    if (!whole_pair) text.replace(at, kHalf.size(), "\xED\xA0\x80");
  }
  boost::json::parse_options options;
  options.allow_invalid_utf8 = true;
  return boost::json::parse(text, {}, options);
}

class AddressSuite : public Testdata {};

TEST_F(AddressSuite, IsemailTests) {
  static constexpr std::array kDeviations{
      Deviation{"60", "64 octets once the needless backslash is gone, which is what we count"},
      Deviation{"71", "'::' for one group, which RFC 5321 forbids and RFC 4291 allows; harmless"},
  };
  run_xml("address-isemail/tests.xml", kDeviations);
}

TEST_F(AddressSuite, IsemailTestsOriginal) {
  static constexpr std::array kDeviations{
      Deviation{"38", "a General-address-literal by its grammar; no tag is registered to check"},
  };
  run_xml("address-isemail/tests-original.xml", kDeviations);
}

TEST_F(AddressSuite, IsemailJson) {
  // By their place in the file, from 0.
  static constexpr std::array kDeviations{
      Deviation{"32", "IDNA 2008 has no emoji domains"},
      Deviation{"204", "IDNA 2008 knows no character U+103FF"},
      Deviation{"68", "64 octets once the needless backslash is gone, which is what we count"},
      Deviation{"79", "'::' for one group, which RFC 5321 forbids and RFC 4291 allows"},
      Deviation{"146", "RFC 6531 lets any UTF-8 beyond ASCII stand in quotes"},
  };
  Verdicts verdicts(kDeviations);
  int place = 0;
  for (const auto& row :
       read_with_half_surrogates("address-isemail/skeggse-tests.json").as_array()) {
    const std::string address(row.at(0).as_string());
    const std::string_view diagnosis = row.at(1).as_string();
    const bool valid = diagnosis == "valid" || diagnosis.starts_with("rfc5321");
    verdicts.judge(std::to_string(place++), accepts(address) == valid,
                   address + " " + std::string(diagnosis));
  }
}

TEST_F(AddressSuite, Mox) {
  Verdicts verdicts({});
  for (const auto& row : read_json("mox-vectors-a/smtp-address.json").as_array()) {
    const std::string input(row.at("input").as_string());
    const bool local_part = row.at("test").as_string() == "TestParseLocalpart";
    const bool accepted = accepts(local_part ? input + "@example.com" : input);
    verdicts.judge(input, accepted == (row.at("call").as_string() == "good"));
  }
}

TEST_F(AddressSuite, DovecotStrings) {
  // The string of Dovecot's parser is our local part, but that may not be empty without quotes.
  static constexpr std::array kDeviations{Deviation{"", "a local part is never empty"}};
  Verdicts verdicts(kDeviations);
  const auto suite = read_json("dovecot-vectors-a/smtp-syntax.json");
  for (const auto& row : suite.at("valid_string_parse_tests").as_array()) {
    const std::string input = octets(row.at("input"));
    // Dovecot's strings have no limit, a local part has.
    const auto address = Address::parse(input + "@example.com", {.local_part_octets_max = 200});
    verdicts.judge(input, address && address->local_part() == octets(row.at("parsed")));
  }
  for (const auto& row : suite.at("invalid_string_parse_tests").as_array()) {
    const std::string input = octets(row.at("input"));
    verdicts.judge(input, !accepts(input + "@example.com"));
  }
}

}  // namespace
}  // namespace veredus::conformance
