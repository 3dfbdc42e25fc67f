#include "wire/mime/received.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/text.h"
#include "wire/mime/lexer.h"

namespace veredus::mime {
namespace {

constexpr std::size_t kColumnsMax = 78;  // RFC 5322 §2.1.1
constexpr std::size_t kValueOctetsMax = 320;
constexpr std::size_t kBodyOctetsMax = 64 * 1024;

constexpr bool is_control(char c) noexcept {
  const auto octet = static_cast<unsigned char>(c);
  return octet < ' ' || octet == 0x7F;
}

/// Where a value stands in a trace field.
enum Place : std::uint8_t {
  kWord = 1,
  kComment = 2,
  /// A path keeps the quotes of its local part; white space and the like inside them do not matter
  /// for a trace.
  kPath = 4,
};

/// For each octet the places that it must not stand in.
consteval std::array<std::uint8_t, 256> make_bad_octets() {
  std::array<std::uint8_t, 256> bad{};
  for (std::size_t octet = 0; octet < bad.size(); ++octet) {
    const char c = static_cast<char>(octet);
    if (is_control(c)) bad[octet] = kWord | kComment | kPath;
    if (std::string_view(" ()<>,;\"\\").contains(c)) bad[octet] |= kWord;
    if (std::string_view("()\\").contains(c)) bad[octet] |= kComment;
    if (std::string_view(" ()<>,;\\").contains(c)) bad[octet] |= kPath;
  }
  return bad;
}
constexpr auto kBadOctets = make_bad_octets();

void append_safe(std::string& out, std::string_view text, Place place) {
  for (const char c : text.substr(0, kValueOctetsMax))
    out += (kBadOctets[static_cast<unsigned char>(c)] & place) != 0 ? '?' : c;
}

/// Puts words on lines: a space where the next one fits, else CRLF and a tab.
class Folder {
 public:
  explicit Folder(std::string_view name) : column_(name.size()) {
    out_.reserve(kFieldOctets);
    out_ += name;
  }

  /// `before`, the value, `behind`: all of it on one line.
  void add(std::string_view before, std::string_view value, Place place,
           std::string_view behind = "") {
    value = value.substr(0, kValueOctetsMax);
    const std::size_t octets = before.size() + value.size() + behind.size();
    if (column_ + 1 + octets > kColumnsMax && !is_line_empty_) {
      out_ += "\r\n\t";
      column_ = kTabColumns;
    } else {
      out_ += ' ';
      ++column_;
    }
    out_ += before;
    append_safe(out_, value, place);
    out_ += behind;
    column_ += octets;
    is_line_empty_ = false;
  }

  std::string finish() && { return std::move(out_); }

 private:
  static constexpr std::size_t kTabColumns = 8;
  static constexpr std::size_t kFieldOctets = 512;  // More than most fields have.
  std::string out_;
  std::size_t column_;
  bool is_line_empty_ = true;
};

/// TCP-info of RFC 5321 §4.4: "(name [address])".
void add_client(Folder& field, const Trace& trace) {
  std::string behind;
  if (trace.client_address) {
    behind += trace.client_address->is_v4() ? " [" : " [IPv6:";
    behind += trace.client_address->text();
    behind += ']';
  }
  behind += ')';
  const std::string_view name = trace.client_name;
  field.add("(", name.empty() ? "unknown" : name, kWord, behind);
}

std::string_view without_angles(std::string_view text) noexcept {
  if (text.starts_with('<')) text.remove_prefix(1);
  if (text.ends_with('>')) text.remove_suffix(1);
  return text;
}

/// The address in "[192.0.2.1]", "[IPv6:2001:db8::1]", "192.0.2.1" or "[192.0.2.1]:25".
std::optional<IpAddress> address_in(std::string_view word) {
  const std::size_t open = word.find('[');
  if (open != std::string_view::npos) {
    word.remove_prefix(open + 1);
    word = word.substr(0, word.find(']'));
  }
  if (istarts_with(word, "IPv6:")) word.remove_prefix(5);
  while (word.ends_with(',') || word.ends_with('.')) word.remove_suffix(1);
  if (const Result<IpAddress> address = IpAddress::parse(word)) return *address;
  // With a port behind it, as some write.
  const Result<IpAddress> address = IpAddress::parse(word.substr(0, word.rfind(':')));
  return address ? std::optional(*address) : std::nullopt;
}

std::optional<IpAddress> first_address(std::string_view text) {
  Lexer in(text);
  while (!in.done()) {
    in.skip_space();
    const std::string_view word = in.take_until("()");
    if (word.empty()) in.eat(in.peek());
    if (const auto address = address_in(word)) return address;
  }
  return std::nullopt;
}

/// Reads clauses word by word; an object per field.
class Reader {
 public:
  explicit Reader(std::string_view body) : in_(body) {}

  Received read() {
    std::size_t date_begin = 0;
    while (true) {
      in_.skip_cfws(clause_ == &out_.from ? &out_.from_comment : nullptr);
      if (in_.done()) break;
      if (in_.eat(';')) {
        date_begin = in_.position();
        clause_ = nullptr;
        continue;
      }
      take_word();
    }
    read_date(date_begin);
    out_.from_address = first_address(out_.from_comment);
    if (!out_.from_address) out_.from_address = first_address(from_words_);
    out_.from = bare(out_.from);
    out_.by = bare(out_.by);
    return std::move(out_);
  }

 private:
  struct Clause {
    std::string_view word;
    std::string Received::* value;
  };
  static constexpr std::array<Clause, 7> kClauses{{
      {"from", &Received::from},
      {"by", &Received::by},
      {"via", &Received::via},
      {"with", &Received::with},
      {"id", &Received::id},
      {"for", &Received::recipient},
      {"tls", &Received::tls_cipher},
  }};

  void take_word() {
    std::string word =
        in_.peek() == '"' ? '"' + in_.take_quoted() + '"' : std::string(in_.take_until(";("));
    if (word.empty()) {
      in_.eat(in_.peek());
      return;
    }
    const auto* const clause =
        std::ranges::find_if(kClauses, [&](const Clause& c) { return iequals(c.word, word); });
    const bool has_value = clause_ == nullptr || !clause_->empty() ||
                           (clause_ == &out_.from && !out_.from_comment.empty());
    if (clause != kClauses.end() && has_value) {
      // A clause that came before is a second hop on one line, or a lie: the first counts.
      clause_ = (out_.*clause->value).empty() ? &(out_.*clause->value) : nullptr;
      return;
    }
    if (clause_ == nullptr) return;
    if (clause_ == &out_.from) from_words_ += word + ' ';
    if (clause_->empty()) {
      *clause_ = without_angles(word);
    } else if (clause_ == &out_.with) {
      *clause_ += ' ' + word;  // "Microsoft SMTP Server"
    }
  }

  void read_date(std::size_t begin) {
    in_.go_to(begin);
    if (const Result<Date> date = parse_date(in_.rest()); date && begin > 0) out_.date = *date;
  }

  /// A name without the brackets of an address literal, or a comma behind it.
  static std::string bare(std::string_view name) {
    if (name.ends_with(',')) name.remove_suffix(1);
    if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
    return std::string(name);
  }

  Lexer in_;
  Received out_;
  std::string from_words_;
  std::string* clause_ = nullptr;
};

}  // namespace

std::string received_field(const Trace& trace) {
  Folder field("Received:");
  if (!trace.helo.empty() || trace.client_address) {
    field.add("from ", trace.helo.empty() ? "unknown" : std::string_view(trace.helo), kWord);
    add_client(field, trace);
  }
  field.add("by ", trace.by, kWord);
  if (!trace.protocol.empty()) field.add("with ", trace.protocol, kWord);
  if (!trace.id.empty()) field.add("id ", trace.id, kWord);
  if (!trace.note.empty()) field.add("(", trace.note, kComment, ")");
  if (!trace.recipient.empty()) field.add("for <", trace.recipient, kPath, ">");
  if (!trace.tls_cipher.empty()) field.add("tls ", trace.tls_cipher, kWord);
  // The date begins a line of its own, as readers of headers expect.
  std::string text = std::move(field).finish();
  text.append(";\r\n\t").append(format_date(trace.time, trace.utc_offset)).append("\r\n");
  return text;
}

std::string return_path_field(std::string_view reverse_path) {
  std::string path(reverse_path);
  std::erase_if(path, is_control);
  return "Return-Path: <" + path + ">\r\n";
}

std::string delivered_to_field(std::string_view recipient) {
  std::string address(recipient);
  std::erase_if(address, is_control);
  return "Delivered-To: " + address + "\r\n";
}

Result<Received> parse_received(std::string_view body) {
  if (body.size() > kBodyOctetsMax) return fail(Fault::overloaded, "Received field over 64 KiB");
  Received received = Reader(body).read();
  const bool is_empty = received.from.empty() && received.by.empty() && received.with.empty() &&
                        received.id.empty() && received.via.empty() && !received.date;
  if (is_empty) return fail(Fault::malformed, "no clause in the Received field");
  return received;
}

}  // namespace veredus::mime
