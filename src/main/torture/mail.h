// The mails of a torture run: written from their number alone, so that what arrives is compared
// with the whole of what was sent and nothing has to be kept for it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace veredus::torture {

inline constexpr std::size_t kRecipientsMax = 4;
inline constexpr std::size_t kMailOctetsMax = std::size_t{1024} * 1024;

/// The domain whose mailboxes the server keeps itself; everything else is relayed.
inline constexpr std::string_view kLocalDomain = "local.example";
inline constexpr std::string_view kLocalMailboxes[] = {"ann", "bob", "cleo", "dan"};

struct Mail {
  std::string sender;
  std::vector<std::string> recipients;  ///< 1 to kRecipientsMax, all different.
  std::string text;                     ///< CRLF line ends; 1 KiB to kMailOctetsMax and a line.
};

/// What came of a comparison.
enum class Verdict : std::uint8_t {
  intact,    ///< Every octet below the trace fields is as it was sent.
  changed,   ///< One of ours, but not as it was sent, or not to whom it was sent.
  stranger,  ///< None of ours: a bounce, for instance.
};

struct Finding {
  Verdict verdict = Verdict::stranger;
  std::uint64_t number = 0;   ///< Of the mail; meaningless for a stranger.
  std::size_t recipient = 0;  ///< Its place among the mail's recipients; likewise.
  std::string problem;        ///< Why it is not intact.
};

/// Pure: the same key and number make the same mail. Thread-safe.
class MailMaker {
 public:
  /// `key` is random, so that nothing that is left of another run is taken for one of ours.
  explicit MailMaker(std::uint64_t key) : key_(key) {}

  Mail make(std::uint64_t number) const;
  std::vector<std::string> recipients(std::uint64_t number) const;

  /// What `stored`, which arrived for `recipient`, is. Its line ends may all be LF, as in a
  /// Maildir, and trace fields may stand above what was sent (RFC 5321 §4.4).
  Finding judge(std::string_view recipient, std::string_view stored) const;

 private:
  std::string marker(std::uint64_t number) const;

  std::uint64_t key_;
};

}  // namespace veredus::torture
