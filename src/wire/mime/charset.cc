#include "wire/mime/charset.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

#include <iconv.h>

namespace veredus::mime {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::size_t kNameOctetsMax = 64;

class Converter {
 public:
  explicit Converter(const std::string& charset) : handle_(iconv_open("UTF-8", charset.c_str())) {}
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() {
    if (is_open()) iconv_close(handle_);
  }

  bool is_open() const noexcept { return handle_ != reinterpret_cast<iconv_t>(-1); }

  std::string convert(std::string bytes) {
    std::string out;
    char* in = bytes.data();
    std::size_t left = bytes.size();
    while (left > 0) {
      const int error = step(in, left, out);
      if (error == 0 || error == E2BIG) continue;
      out += kReplacement;
      if (error != EILSEQ) break;  // Cut off in the middle of a character.
      ++in;
      --left;
    }
    step_flush(out);
    return out;
  }

 private:
  int step(char*& in, std::size_t& left, std::string& out) {
    std::array<char, 512> buffer{};
    char* to = buffer.data();
    std::size_t room = buffer.size();
    errno = 0;
    const bool failed = iconv(handle_, &in, &left, &to, &room) == static_cast<std::size_t>(-1);
    out.append(buffer.data(), buffer.size() - room);
    return failed ? errno : 0;
  }

  /// Some charsets keep their last character until told that no more comes.
  void step_flush(std::string& out) {
    std::array<char, 64> buffer{};
    char* to = buffer.data();
    std::size_t room = buffer.size();
    iconv(handle_, nullptr, nullptr, &to, &room);
    out.append(buffer.data(), buffer.size() - room);
  }

  iconv_t handle_;
};

/// Names as charsets have them; keeps "//TRANSLIT" and other extensions of iconv out.
bool is_charset_name(std::string_view name) noexcept {
  constexpr auto is_name_char = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.:+()").contains(c);
  };
  return !name.empty() && name.size() <= kNameOctetsMax && std::ranges::all_of(name, is_name_char);
}

}  // namespace

std::optional<std::string> to_utf8(std::string_view bytes, std::string_view charset) {
  if (!is_charset_name(charset)) return std::nullopt;
  Converter converter{std::string(charset)};
  if (!converter.is_open()) return std::nullopt;
  return converter.convert(std::string(bytes));
}

bool is_ascii(std::string_view bytes) noexcept {
  // Without an early exit the compiler looks at 16 octets at a time.
  unsigned char all = 0;
  for (const char c : bytes) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

}  // namespace veredus::mime
