// What waits, counted in groups: by destination, sender, domain or state.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "base/result.h"
#include "base/time.h"
#include "mail/manage/filter.h"
#include "mail/queue/queue.h"

namespace veredus::manage {

enum class GroupBy : std::uint8_t { destination, sender, domain, state };
/// Errors: malformed, with the words there are.
[[nodiscard]] Result<GroupBy> parse_group_by(std::string_view text);

struct Group {
  std::uint64_t messages = 0;
  std::uint64_t recipients = 0;
  std::uint64_t held = 0;  ///< Of the recipients: by an operator.
  std::uint64_t octets = 0;
  WallTime oldest{};       ///< When its oldest message was accepted.
  std::string last_error;  ///< The reply, or our reason, of the latest attempt that failed.
  std::string last_remote;
  WallTime last_error_at{};
};

/// Holds at most kGroupsMax groups: what would be in further ones is counted as "(others)".
class Summary {
 public:
  static constexpr std::size_t kGroupsMax = 10'000;
  static constexpr std::string_view kOthers = "(others)";

  explicit Summary(GroupBy by) : by_(by) {}

  void add(const queue::Listed& listed, const std::vector<std::uint32_t>& recipients,
           const Vantage& vantage);

  const std::map<std::string, Group>& groups() const noexcept { return groups_; }
  const Group& total() const noexcept { return total_; }

 private:
  std::string key(const queue::Listed& listed, std::uint32_t recipient,
                  const Vantage& vantage) const;

  GroupBy by_;
  std::map<std::string, Group> groups_;
  Group total_;
};

/// {"group":"mx:far.example","messages":3,"recipients":4,"octets":12288,"oldest":"...",
///  "oldest_age_seconds":7200,"last_error":"451 ...","last_error_remote":"mx.far.example [...]",
///  "last_error_at":"..."}
boost::json::object group_view(std::string_view name, const Group& group, WallTime now);

}  // namespace veredus::manage
