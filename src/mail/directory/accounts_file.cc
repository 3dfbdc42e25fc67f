#include "mail/directory/accounts_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/amount.h"
#include "base/text.h"
#include "wire/smtp/address.h"

namespace veredus::directory {
namespace {

constexpr std::string_view kPlain = "{PLAIN}";

/// One line being read.
class Line {
 public:
  Line(Account& account, Credential& credential) : account_(account), credential_(credential) {}

  /// What is wrong with the word, or nothing.
  std::string take(std::string_view word) {
    if (word == "disabled") {
      if (!credential_.name.empty()) return "disabled is for the account: take this line out";
      account_.disabled = true;
      return "";
    }
    if (word.starts_with('{')) return take_password(word);
    const auto equals = word.find('=');
    if (equals == std::string_view::npos)
      return "unknown word " + printable(word) + ": expected {SCHEME}..., disabled or key=value";
    return take_setting(word.substr(0, equals), word.substr(equals + 1));
  }

 private:
  std::string take_password(std::string_view word) {
    const auto end = word.find('}');
    const std::string scheme(word.substr(0, end == std::string_view::npos ? end : end + 1));
    const std::string value(word.substr(std::min(scheme.size(), word.size())));
    if (value.empty()) return printable(scheme) + ": nothing behind it";
    if (scheme == "{ARGON2ID}") return keep(credential_.argon2id, value);
    if (scheme == "{SCRAM-SHA-256}") return keep(credential_.scram_sha_256, value);
    if (scheme == "{SCRAM-SHA-1}") return keep(credential_.scram_sha_1, value);
    if (scheme == kPlain) return keep(credential_.argon2id, std::string(word));
    return "unknown scheme " + printable(scheme) +
           ": expected {ARGON2ID}, {SCRAM-SHA-256}, {SCRAM-SHA-1} or {PLAIN}";
  }

  static std::string keep(std::string& place, const std::string& value) {
    if (!place.empty()) return "two passwords of one kind in a line";
    place = value;
    return "";
  }

  std::string take_setting(std::string_view key, std::string_view value) {
    if (key == "for") return take_protocols(value);
    if (key == "send-as") {
      account_.send_as.push_back(ascii_lower(value));
      const bool is_domain = value.starts_with('@');
      const bool good = is_domain ? smtp::Domain::parse(value.substr(1)).has_value()
                                  : smtp::Address::parse(value).has_value();
      return good ? "" : "send-as: expected an address, or @domain";
    }
    if (key == "quota") {
      const auto octets = parse_size(value);
      account_.quota_bytes = octets.value_or(0);
      return octets ? "" : "quota: " + octets.error().text();
    }
    const auto number = to_number<std::uint64_t>(value);
    if (key == "per-hour" && number) account_.recipients_per_hour = *number;
    if (key == "per-day" && number) account_.recipients_per_day = *number;
    if (key != "per-hour" && key != "per-day")
      return "unknown key " + printable(key) +
             ": expected for, send-as, quota, per-hour or per-day";
    return number ? "" : printable(key) + ": expected a number";
  }

  std::string take_protocols(std::string_view list) {
    while (!list.empty()) {
      const std::string_view name = list.substr(0, list.find(','));
      const auto protocol = parse_protocol(name);
      if (!protocol)
        return "for: unknown protocol " + printable(name) + ": expected submission, imap or pop3";
      credential_.protocols.push_back(*protocol);
      list.remove_prefix(std::min(list.size(), name.size() + 1));
    }
    return "";
  }

  Account& account_;
  Credential& credential_;
};

class Reader {
 public:
  explicit Reader(std::string_view source) : source_(source) {}

  void read(std::string_view line) {
    ++number_;
    std::string_view rest = trim(line);
    if (rest.empty() || rest.starts_with('#')) return;
    const std::string_view name = take_word(rest);
    const auto slash = name.find('/', name.find('@'));
    const auto address = smtp::Address::parse(name.substr(0, slash));
    if (!address) return complain("not an address: " + printable(name));
    const std::string key = ascii_lower(address->text());
    Account& account = accounts_.try_emplace(key).first->second;
    account.address = key;
    Credential credential;
    if (slash != std::string_view::npos) credential.name = name.substr(slash + 1);
    Line reading(account, credential);
    while (!rest.empty())
      if (const std::string problem = reading.take(take_word(rest)); !problem.empty())
        complain(problem);
    keep(account, std::move(credential));
  }

  Result<Accounts> finish() && {
    if (!problems_.empty()) return fail(Fault::malformed, problems_);
    return std::move(accounts_);
  }

 private:
  static std::string_view take_word(std::string_view& rest) {
    const std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
    rest = trim(rest.substr(word.size()));
    return word;
  }

  void keep(Account& account, Credential credential) {
    const bool has_password = !credential.argon2id.empty() || !credential.scram_sha_256.empty() ||
                              !credential.scram_sha_1.empty();
    if (!has_password && !credential.name.empty()) return complain("an app password needs one");
    if (!has_password) return;
    if (std::ranges::find(account.credentials, credential.name, &Credential::name) !=
        account.credentials.end())
      return complain(account.address + ": named twice");
    account.credentials.push_back(std::move(credential));
  }

  void complain(const std::string& what) {
    if (!problems_.empty()) problems_ += '\n';
    problems_.append(source_).append(":").append(std::to_string(number_)).append(": ").append(what);
  }

  std::string_view source_;
  std::size_t number_ = 0;
  Accounts accounts_;
  std::string problems_;
};

}  // namespace

Result<Accounts> parse_accounts(std::string_view text, std::string_view source) {
  Reader reader(source);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    reader.read(line);
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return std::move(reader).finish();
}

std::string account_line(std::string_view address, const Credential& credential) {
  std::string line(address);
  if (!credential.name.empty()) line += '/' + credential.name;
  if (credential.argon2id.starts_with(kPlain))
    line += ' ' + credential.argon2id;
  else if (!credential.argon2id.empty())
    line += " {ARGON2ID}" + credential.argon2id;
  if (!credential.scram_sha_256.empty()) line += " {SCRAM-SHA-256}" + credential.scram_sha_256;
  if (!credential.scram_sha_1.empty()) line += " {SCRAM-SHA-1}" + credential.scram_sha_1;
  std::string protocols;
  for (const Protocol protocol : credential.protocols)
    protocols.append(protocols.empty() ? " for=" : ",").append(name(protocol));
  return line + protocols;
}

}  // namespace veredus::directory
