// Which of the configured limits a destination is under.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/queue/config.h"

namespace veredus::queue {

/// A set of host or domain names: `example.org`, `*.example.org` (every name below it, not itself)
/// or `*`. Addresses are names that only match themselves.
class NamePatterns {
 public:
  /// `names` must have passed check(); others match nothing.
  explicit NamePatterns(const std::vector<std::string>& names);
  /// Error: malformed; the text names the first pattern that is none.
  [[nodiscard]] static Result<> check(const std::vector<std::string>& names);

  /// `name` is in lower case, without a dot at its end.
  bool match(std::string_view name) const noexcept;
  bool empty() const noexcept { return patterns_.empty(); }

 private:
  /// An exact name, or `.` and what follows the asterisk's dot, or empty for `*`.
  std::vector<std::string> patterns_;
};

/// Limits in their order: the first that matches a destination is its only one.
class LimitTable {
 public:
  /// The index of a limit in QueueConfig::limits.
  using Index = std::uint32_t;
  struct Finding {
    std::optional<Index> limit;  ///< None applies when there is none.
    /// The destination's hosts decide, and they were not told: `limit` is not known yet.
    bool needs_hosts = false;
  };

  explicit LimitTable(const std::vector<Limit>& limits);

  /// Without `hosts` what is known from the name alone.
  Finding find(std::string_view destination, const std::vector<std::string>* hosts = nullptr) const;

 private:
  struct Patterns {
    NamePatterns domains;
    NamePatterns mx;
  };
  std::vector<Patterns> limits_;
};

/// The domain or host that a destination's name names (`mx:example.org`,
/// `smtp:relay.example.org:587`, `lmtp:192.0.2.1:24`); empty for what is on this machine by its
/// kind: mailboxes and Unix sockets, which no limit applies to.
std::string_view host_of(std::string_view destination) noexcept;

}  // namespace veredus::queue
