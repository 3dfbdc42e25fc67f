// Structured header fields: the vectors of mail-parser.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "testdata.h"
#include "wire/mime/address_list.h"
#include "wire/mime/content_type.h"
#include "wire/mime/date.h"
#include "wire/mime/encoded_word.h"
#include "wire/mime/header.h"
#include "wire/mime/message_id.h"
#include "wire/mime/received.h"

namespace veredus::conformance {
namespace {

using namespace mime;

class FieldSuite : public Testdata {};

/// The vectors are what follows "Name:", up to wherever the field ends.
std::string body_of(const boost::json::value& row) {
  const std::string message = "X:" + octets(row.at("header"));
  const Header header = scan_header(message);
  return std::string(header.fields.at(0).body);
}

/// Calls `judge(name, body, expected)` for each case of the file; names are "file 0", "file 1" ...
template <class Judge>
void for_each_case(const std::string& file, Judge judge) {
  const auto suite = read_json("header-vectors-mailparser/" + file + ".json");
  int number = 0;
  for (const auto& row : suite.as_array())
    judge(file + " " + std::to_string(number++), body_of(row), row.at("expected"));
}

/// A string, or "" for null and for a key that is not there.
std::string text_at(const boost::json::value& value, std::string_view key) {
  if (!value.is_object()) return "";
  const auto* found = value.as_object().if_contains(key);
  return found == nullptr || found->is_null() ? "" : octets(*found);
}

/// "[name|address]..." of mailboxes as the vectors have them.
std::string shown(const boost::json::value& mailboxes) {
  std::string out;
  for (const auto& mailbox : mailboxes.as_array())
    out += "[" + text_at(mailbox, "name") + "|" + text_at(mailbox, "address") + "]";
  return out;
}

std::string shown(const std::vector<Mailbox>& mailboxes) {
  std::string out;
  for (const Mailbox& mailbox : mailboxes)
    out += "[" + mailbox.name + "|" + mailbox.address() + "]";
  return out;
}

std::string shown_list(const boost::json::value& expected) {
  if (expected.is_null()) return "";
  if (const auto* list = expected.as_object().if_contains("List")) return shown(*list);
  std::string out;
  for (const auto& group : expected.at("Group").as_array()) {
    const std::string name = text_at(group, "name");
    out += name.empty() ? shown(group.at("addresses"))
                        : name + ":" + shown(group.at("addresses")) + ";";
  }
  return out;
}

std::string shown_list(const AddressList& list) {
  std::string out;
  for (const AddressGroup& group : list.groups)
    out += group.name ? *group.name + ":" + shown(group.mailboxes) + ";" : shown(group.mailboxes);
  return out;
}

TEST_F(FieldSuite, Addresses) {
  static constexpr std::string_view kComments =
      "a comment is a display name only where there is no other";
  static constexpr std::string_view kObsolete =
      "we drop the route and the spaces round dots, as RFC 5322 \u00a74.4 asks";
  static constexpr std::string_view kList =
      "a URL of a List field, which is no address list (RFC 2369)";
  static constexpr std::array kDeviations{
      Deviation{"address 8", kComments},  Deviation{"address 9", kComments},
      Deviation{"address 10", kComments}, Deviation{"address 11", kComments},
      Deviation{"address 14", kComments}, Deviation{"address 22", kComments},
      Deviation{"address 56", kComments}, Deviation{"address 13", kObsolete},
      Deviation{"address 37", kList},     Deviation{"address 38", kList},
      Deviation{"address 39", kList},     Deviation{"address 40", kList},
      Deviation{"address 41", kList},     Deviation{"address 43", kList},
      Deviation{"address 44", kList},     Deviation{"address 45", kList},
      Deviation{"address 46", kList},     Deviation{"address 47", kList},
  };
  Verdicts verdicts(kDeviations);
  for_each_case("address", [&](const std::string& name, const std::string& body,
                               const boost::json::value& expected) {
    const std::string got = shown_list(parse_address_list(body));
    const std::string want = shown_list(expected);
    verdicts.judge(name, got == want, "got " + got + " want " + want);
  });
}

/// "type/subtype;name=value..." with parameters sorted; those that mail-parser makes up to show
/// the language of RFC 2231 are left out.
std::string shown_type(const std::string& type, const std::string& subtype,
                       std::vector<std::string> parameters) {
  std::ranges::sort(parameters);
  std::string out = type + "/" + subtype;
  for (const std::string& parameter : parameters) out += ";" + parameter;
  return out;
}

std::string expected_type(const boost::json::value& expected) {
  if (expected.is_null()) return "";
  std::vector<std::string> parameters;
  const auto* attributes = expected.as_object().if_contains("attributes");
  if (attributes != nullptr && attributes->is_array())
    for (const auto& pair : attributes->as_array()) {
      const std::string name = octets(pair.as_array().at(0));
      if (!name.ends_with("-language"))
        parameters.push_back(name + "=" + octets(pair.as_array().at(1)));
    }
  return shown_type(text_at(expected, "c_type"), text_at(expected, "c_subtype"), parameters);
}

TEST_F(FieldSuite, ContentTypes) {
  static constexpr std::string_view kRepeated =
      "only the first segment may name a charset (RFC 2231 \u00a74.1)";
  static constexpr std::string_view kSpaces =
      "white space between encoded words is not shown (RFC 2047 \u00a76.2)";
  static constexpr std::string_view kNoToken =
      "an equals sign is no part of a type (RFC 2045 \u00a75.1)";
  static constexpr std::string_view kStars =
      "asterisks that RFC 2231 does not know make no parameter";
  static constexpr std::string_view kSlash = "a slash is no part of a subtype (RFC 2045 \u00a75.1)";
  static constexpr std::array kDeviations{
      Deviation{"content_type 31", kRepeated}, Deviation{"content_type 34", kSpaces},
      Deviation{"content_type 47", kNoToken},  Deviation{"content_type 48", kNoToken},
      Deviation{"content_type 58", kNoToken},  Deviation{"content_type 61", kStars},
      Deviation{"content_type 76", kSlash},    Deviation{"content_type 77", kSlash},
      Deviation{"content_type 78", kSlash},
  };
  Verdicts verdicts(kDeviations);
  for_each_case("content_type", [&](const std::string& name, const std::string& body,
                                    const boost::json::value& expected) {
    const auto content = parse_content_type(body);
    std::string got;
    if (content) {
      std::vector<std::string> parameters;
      for (const Parameter& parameter : content->parameters)
        parameters.push_back(parameter.name + "=" + parameter.value);
      got = shown_type(content->type, content->subtype, parameters);
    }
    const std::string want = expected_type(expected);
    verdicts.judge(name, got == want, "got " + got + " want " + want);
  });
}

std::optional<Date> expected_date(const boost::json::value& expected) {
  if (expected.is_null()) return std::nullopt;
  const auto number = [&](std::string_view key) {
    return static_cast<int>(expected.at(key).as_int64());
  };
  const std::chrono::minutes zone(number("tz_hour") * 60 + number("tz_minute"));
  const std::chrono::minutes offset = expected.at("tz_before_gmt").as_bool() ? -zone : zone;
  const std::chrono::sys_days day =
      std::chrono::year(number("year")) / number("month") / number("day");
  return Date{day + std::chrono::hours(number("hour")) + std::chrono::minutes(number("minute")) +
                  std::chrono::seconds(number("second")) - offset,
              offset};
}

std::string shown(const std::optional<Date>& date) {
  return date ? format_date(date->time, date->offset) : "none";
}

TEST_F(FieldSuite, Dates) {
  static constexpr std::string_view kNumbers = "a month is a name (RFC 5322 \u00a73.3)";
  static constexpr std::string_view kWhole = "a whole Received field, which parse_received() reads";
  static constexpr std::array kDeviations{
      Deviation{"date 10", kNumbers},
      Deviation{"date 12", kNumbers},
      Deviation{"date 28", kWhole},
  };
  Verdicts verdicts(kDeviations);
  for_each_case("date", [&](const std::string& name, const std::string& body,
                            const boost::json::value& expected) {
    const auto parsed = parse_date(body);
    const auto got = parsed ? std::optional(*parsed) : std::nullopt;
    const auto want = expected_date(expected);
    verdicts.judge(name, got == want, "got " + shown(got) + " want " + shown(want));
  });
}

TEST_F(FieldSuite, Ids) {
  static constexpr std::string_view kSpaces =
      "white space and comments inside an id are no part of it (RFC 5322 \u00a74.5.4)";
  static constexpr std::array kDeviations{
      Deviation{"id 6", kSpaces},
  };
  Verdicts verdicts(kDeviations);
  for_each_case("id", [&](const std::string& name, const std::string& body,
                          const boost::json::value& expected) {
    std::vector<std::string> want;
    if (expected.is_array())
      for (const auto& id : expected.as_array()) want.push_back(octets(id));
    verdicts.judge(name, message_ids(body) == want, body);
  });
}

/// `text` with each run of white space as one space.
std::string spaced(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_space = c == ' ' || c == '\t';
    if (!is_space || !out.ends_with(' ')) out += is_space ? ' ' : c;
  }
  return out;
}

TEST_F(FieldSuite, Unstructured) {
  static constexpr std::string_view kGlued = "no space is made up before an encoded word";
  static constexpr std::array kDeviations{
      Deviation{"unstructured 21", kGlued},
      Deviation{"unstructured 27", kGlued},
      Deviation{"unstructured 28", kGlued},
  };
  Verdicts verdicts(kDeviations);
  for_each_case("unstructured", [&](const std::string& name, const std::string& body,
                                    const boost::json::value& expected) {
    // The vectors show folding as one space, whatever white space it was made of.
    const std::string got = spaced(decode_words(trim(body)));
    const std::string want = spaced(octets(expected));
    verdicts.judge(name, got == want, "got " + got + " want " + want);
  });
}

/// The name or address in {"Name": "x"} or {"Ip": "192.0.2.1"}.
std::string host_at(const boost::json::value& expected, std::string_view key) {
  const auto* host = expected.as_object().if_contains(key);
  if (host == nullptr || host->is_null()) return "";
  return octets(host->as_object().begin()->value());
}

/// The differences in what we claim to read: from, by, via, with, id, for, date and the client's
/// address. What TLS, HELO and ident said is in comments, which every server writes in its own way.
std::string differences(const Received& got, const boost::json::value& want) {
  std::string out;
  const auto compare = [&](std::string_view what, const std::string& ours,
                           const std::string& theirs) {
    if (!iequals(ours, theirs))
      out += std::string(what) + ": got " + ours + " want " + theirs + "; ";
  };
  compare("from", got.from, host_at(want, "from"));
  compare("by", got.by, host_at(want, "by"));
  compare("via", got.via, text_at(want, "via"));
  // Where we keep the words as they are, the vectors name the one of their protocols in them.
  const std::string with = text_at(want, "with");
  if (!ascii_upper(got.with).contains(ascii_upper(with))) compare("with", got.with, with);
  compare("id", got.id, text_at(want, "id"));
  compare("for", got.recipient, text_at(want, "for_"));
  const std::string address = text_at(want, "from_ip");
  if (!address.empty())
    compare("address", got.from_address ? got.from_address->text() : "",
            IpAddress::parse(address).value().text());
  const auto* date = want.as_object().if_contains("date");
  compare("date", shown(got.date), shown(date ? expected_date(*date) : std::nullopt));
  return out;
}

TEST_F(FieldSuite, Received) {
  static constexpr std::string_view kGuessed =
      "not a date of RFC 5322; the one that is wanted is a wrong guess";
  static constexpr std::string_view kCentury =
      "two digits below 50 are of this century (RFC 5322 \u00a74.3)";
  static constexpr std::string_view kZone = "PST and PDT have an offset (RFC 5322 \u00a74.3)";
  static constexpr std::string_view kSlash = "the id goes on behind the slash";
  static constexpr std::string_view kTls = "the protocol is shown as it was named";
  static constexpr std::string_view kPort = "a port behind the name stays";
  static constexpr std::string_view kTwice = "the first of two by clauses counts";
  static constexpr std::string_view kLocal = "the name goes on behind the slash";
  static constexpr std::string_view kUnderscore = "an underscore before the date is no date";
  static constexpr std::string_view kFraction = "seconds count although a fraction follows";
  static constexpr std::string_view kFor = "a word without domain is kept as the recipient";
  static constexpr std::string_view kInComment = "clauses inside of comments are comments";
  static constexpr std::array kDeviations{
      Deviation{"received 13", kGuessed},    Deviation{"received 117", kGuessed},
      Deviation{"received 118", kGuessed},   Deviation{"received 151", kGuessed},
      Deviation{"received 89", kCentury},    Deviation{"received 90", kCentury},
      Deviation{"received 128", kCentury},   Deviation{"received 67", kZone},
      Deviation{"received 163", kZone},      Deviation{"received 28", kSlash},
      Deviation{"received 29", kSlash},      Deviation{"received 30", kSlash},
      Deviation{"received 98", kTls},        Deviation{"received 113", kTls},
      Deviation{"received 107", kPort},      Deviation{"received 123", kTwice},
      Deviation{"received 125", kLocal},     Deviation{"received 138", kUnderscore},
      Deviation{"received 144", kFraction},  Deviation{"received 153", kFor},
      Deviation{"received 161", kInComment}, Deviation{"received 162", kInComment},
      Deviation{"received 165", kInComment}, Deviation{"received 171", kInComment},
  };
  Verdicts verdicts(kDeviations);
  for_each_case("received", [&](const std::string& name, const std::string& body,
                                const boost::json::value& expected) {
    const auto received = parse_received(body);
    const std::string wrong = received ? differences(*received, expected) : received.error().text();
    verdicts.judge(name, wrong.empty(), wrong + " in " + body);
  });
}

}  // namespace
}  // namespace veredus::conformance
