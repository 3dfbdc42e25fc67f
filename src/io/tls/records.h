// What is to be written, cut into TLS records. Private to this folder.

#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace veredus::io::tls {

constexpr std::size_t kRecordOctets = 16UL * 1024;  // RFC 8446 §5.1.
constexpr std::size_t kFrameOctets = 256;           // No record is so much longer than its text.

/// Small pieces share a record, for each costs a cipher's start, a tag, a frame and the peer's
/// attention, whatever its size. Large ones are not copied.
class Records {
 public:
  /// The pieces belong to the caller and must outlive this.
  explicit Records(std::vector<std::string_view> pieces);

  bool empty() const noexcept { return octets_ == 0; }
  /// Of all that is left.
  std::size_t octets() const noexcept { return octets_; }

  /// The text of the next record; good until anybody on this thread asks again. Precondition:
  /// !empty().
  std::string_view next();

 private:
  std::string_view join();
  void skip_empty() noexcept;

  std::vector<std::string_view> pieces_;
  std::size_t at_ = 0;
  std::size_t octets_ = 0;
};

}  // namespace veredus::io::tls
