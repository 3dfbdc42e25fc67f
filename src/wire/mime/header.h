// The header section of a message: where its fields are, without copying or changing an octet.
//
// Lines end with CRLF or with LF alone. The section ends before the first line that is empty or
// that is neither a field nor the continuation of one; the latter is the first line of the body,
// as other transports have it. A first line "From " or ">From " (an mbox separator) is skipped.
// An empty field body and white space before the colon (RFC 5322 §4.5.3) are tolerated.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace veredus::mime {

/// One field; borrows the message. Offsets count from the message's first octet.
struct Field {
  std::string_view name;   ///< Case as written; no white space before the colon.
  std::string_view body;   ///< All after the colon, with folding, without the last line ending.
  std::size_t offset = 0;  ///< Where the name begins.
  std::size_t octets = 0;  ///< The whole field, its last line ending included.
};

struct HeaderLimits {
  std::size_t fields_max = 4096;
  std::size_t octets_max = 1024 * 1024;  ///< Of the whole section.
};

struct Header {
  std::vector<Field> fields;    ///< In order of appearance.
  std::size_t end_offset = 0;   ///< Behind the last field: where another field could be added.
  std::size_t body_offset = 0;  ///< Behind the empty line; end_offset when there is none.
  bool has_empty_line = false;  ///< The line that separates header and body is there.
  bool over_limit = false;      ///< A limit was hit: fields are missing, the body is not found.

  /// The first field of that name, whatever its case, or nullptr.
  const Field* find(std::string_view name) const noexcept;
  /// All fields of that name, in order.
  std::vector<const Field*> find_all(std::string_view name) const;
};

/// Reads the header section that `message` begins with. Never fails: what is no header is body.
Header scan_header(std::string_view message, const HeaderLimits& limits = {});

/// The body of a field on one line: line endings before white space removed (RFC 5322 §2.2.3),
/// outer white space trimmed.
std::string unfold(std::string_view body);

/// Reads the header of a message that arrives in chunks, keeping at most `octets_max` of it.
///
///   HeaderScanner scanner;
///   while (chunk) if (scanner.wants_more()) scanner.feed(chunk);
///   scanner.finish();
class HeaderScanner {
 public:
  static constexpr std::size_t kOctetsMax = 256 * 1024;

  explicit HeaderScanner(std::size_t octets_max = kOctetsMax) noexcept : octets_max_(octets_max) {}

  /// Takes the next octets of the message, as many as there are; cheap once the header has ended.
  void feed(std::string_view chunk);
  /// The message is over; a header without an empty line ends here.
  void finish();

  /// False once the header has ended or was found too long: further octets are ignored.
  bool wants_more() const noexcept { return state_ == State::reading; }
  /// The section is longer than `octets_max`: what is told below covers only its beginning.
  bool over_limit() const noexcept { return state_ == State::over_limit; }

  /// The section as far as it was kept, without the empty line.
  std::string_view header() const noexcept { return kept_; }
  /// How many Received fields, that is hops so far (RFC 5321 §6.3). Counts from the first feed().
  std::size_t received_count() const noexcept { return received_count_; }
  /// The body of the first Message-ID field, trimmed and unfolded; empty when there is none.
  const std::string& message_id() const noexcept { return message_id_; }
  bool has_date() const noexcept { return has_date_; }
  bool has_from() const noexcept { return has_from_; }
  /// Octets that are not ASCII in the header: it needs SMTPUTF8 (RFC 6531 §3.6).
  bool has_eight_bit() const noexcept { return has_eight_bit_; }

 private:
  enum class State : unsigned char { reading, ended, over_limit };

  void take_line();
  void conclude(State state);

  std::string kept_;
  std::string message_id_;
  std::size_t octets_max_;
  std::size_t line_begin_ = 0;  ///< In kept_: the first line not looked at yet.
  std::size_t received_count_ = 0;
  State state_ = State::reading;
  bool has_field_ = false;
  bool has_date_ = false;
  bool has_from_ = false;
  bool has_eight_bit_ = false;
};

}  // namespace veredus::mime
