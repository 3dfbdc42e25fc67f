// The octets between OpenSSL and a Stream, where OpenSSL reads and writes them. Private to this
// folder.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <openssl/bio.h>

#include "io/tls/block.h"
#include "io/tls/records.h"

namespace veredus::io::tls {

/// A BIO of our own instead of OpenSSL's in memory, which moves what it holds once more and fills
/// with zeros what it gives back. Holds memory only while there are octets.
class Buffers {
 public:
  using Input = Block<2 * (kRecordOctets + kFrameOctets)>;

  Buffers() = default;
  ~Buffers();
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;

  /// Reads and writes here, and is not used any more when this ends.
  BIO* make_bio();

  bool has_input() const noexcept { return begin_ != end_; }
  /// Room for what comes next. Precondition: what came before was read.
  std::span<char> room();
  /// So many octets are in the room now; 0 gives it back.
  void came(std::size_t octets) noexcept;

  bool has_output() const noexcept { return !output_.empty(); }
  std::size_t output_octets() const noexcept { return output_.size(); }
  /// Makes room for so many more, in memory that was given back if there is any.
  void expect_output(std::size_t octets);
  std::string take_output() noexcept { return std::exchange(output_, {}); }
  /// What was taken and is sent: its memory serves the next output on this thread.
  static void give_back(std::string sent) noexcept;

 private:
  static int read(BIO* bio, char* into, int octets);
  static int write(BIO* bio, const char* from, int octets);
  static long control(BIO* bio, int command, long number, void* pointer);
  static const BIO_METHOD* method();
  void release_if_empty() noexcept;

  std::unique_ptr<Input> input_;  // null while there is none
  std::size_t begin_ = 0;         // what came is input_->octets[begin_, end_)
  std::size_t end_ = 0;
  std::string output_;
};

}  // namespace veredus::io::tls
