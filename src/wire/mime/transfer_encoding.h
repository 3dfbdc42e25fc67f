// Content-Transfer-Encoding (RFC 2045 §6): base64 and quoted-printable, in pieces or at once.
//
// Encoders write lines of at most 76 characters that end with CRLF. Decoders never fail: they
// give what can be made of their input (RFC 2045 §6.7, §6.8) and say whether it was sound.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace veredus::mime {

enum class TransferEncoding : std::uint8_t {
  seven_bit,
  eight_bit,
  binary,
  quoted_printable,
  base64,
  unknown,  ///< A name that is none of the above: the content must not be looked into.
};

/// Reads the field's body: comments and white space are skipped, case does not matter, no name
/// at all is seven_bit.
TransferEncoding parse_transfer_encoding(std::string_view body);

/// RFC 2045 §6.8.
class Base64Encoder {
 public:
  void feed(std::string_view bytes, std::string& out);
  /// Writes what is left, padding and the last CRLF.
  void finish(std::string& out);

 private:
  void put_group(std::string& out);

  std::uint32_t group_ = 0;  ///< Up to three octets not written yet.
  unsigned group_octets_ = 0;
  unsigned column_ = 0;
};

/// Skips everything outside the alphabet; padding ends a run, and another may follow.
class Base64Decoder {
 public:
  void feed(std::string_view text, std::string& out);
  void finish(std::string& out);
  /// False when something other than white space was skipped or a group was cut short.
  bool sound() const noexcept { return sound_; }

 private:
  void end_group(std::string& out);

  std::uint32_t bits_ = 0;
  unsigned digits_ = 0;  ///< Of the group of four under way.
  bool padded_ = false;
  bool sound_ = true;
};

/// RFC 2045 §6.7.
class QuotedPrintableEncoder {
 public:
  enum class Mode : std::uint8_t {
    text,    ///< CRLF is a line ending and stays one; a CR or LF alone is encoded.
    binary,  ///< CR and LF are octets like others and encoded.
  };
  explicit QuotedPrintableEncoder(Mode mode = Mode::text) noexcept : mode_(mode) {}

  void feed(std::string_view bytes, std::string& out);
  /// Writes what was held back. Adds no CRLF that the input did not have.
  void finish(std::string& out);

 private:
  void put(char c, std::string& out);
  void put_literal(char c, std::string& out);
  void put_encoded(char c, std::string& out);
  /// Breaks the line when `width` columns do not fit any more; true when it did.
  bool make_room(unsigned width, std::string& out);

  Mode mode_;
  bool cr_held_ = false;    ///< A CR whose next octet is not known yet.
  char space_held_ = '\0';  ///< White space that must be encoded if the line ends here.
  unsigned column_ = 0;
};

/// White space before a line ending is dropped, "=" and a line ending join lines, anything else
/// behind a "=" that is no pair of hexadecimal digits stays as it is.
class QuotedPrintableDecoder {
 public:
  void feed(std::string_view text, std::string& out);
  void finish(std::string& out);
  bool sound() const noexcept { return sound_; }

 private:
  void put(char c, std::string& out);
  void put_escaped(char c, std::string& out);

  std::string held_;  ///< An escape or white space whose end has not come yet.
  bool sound_ = true;
};

std::string encode_base64(std::string_view bytes);
std::string decode_base64(std::string_view text);
std::string encode_quoted_printable(std::string_view bytes);
std::string decode_quoted_printable(std::string_view text);

/// `body` decoded as `encoding` says; as it is for the encodings that leave it alone.
std::string decode_transfer(TransferEncoding encoding, std::string_view body);

}  // namespace veredus::mime
