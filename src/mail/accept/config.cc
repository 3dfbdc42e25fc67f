#include "mail/accept/config.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/complaints.h"
#include "storage/storage.h"

namespace veredus::accept {
namespace {

std::uint64_t seconds_of(std::chrono::seconds duration) {
  return static_cast<std::uint64_t>(std::max(duration.count(), std::chrono::seconds::rep{0}));
}

}  // namespace

Result<AcceptConfig> checked(AcceptConfig config) {
  struct Minimum {
    std::string_view key;
    std::uint64_t value;
    std::uint64_t least;
    std::string_view why;
  };
  const std::array minimums{
      Minimum{"message_bytes_max", config.message_bytes_max, 64 * 1024, "RFC 5321 §4.5.3.1.7"},
      Minimum{"recipients_max", config.recipients_max, 100, "RFC 5321 §4.5.3.1.8"},
      Minimum{"expanded_recipients_max", config.expanded_recipients_max, config.recipients_max,
              "recipients_max"},
      Minimum{"command_octets_max", config.command_octets_max, 512, "RFC 5321 §4.5.3.1.4"},
      Minimum{"text_line_octets_max", config.text_line_octets_max, 1000, "RFC 5321 §4.5.3.1.6"},
      Minimum{"hops_max", config.hops_max, 30, "a mail may pass that many hosts in earnest"},
      Minimum{"sessions_max", config.sessions_max, 1, "otherwise nobody could send"},
      Minimum{"sessions_per_client_max", config.sessions_per_client_max, 1,
              "otherwise nobody could send"},
      Minimum{"errors_max", config.errors_max, 1, "a typing error is no attack"},
      Minimum{"idle_commands_max", config.idle_commands_max, 10, "clients send NOOP and RSET"},
      Minimum{"memory_bytes_max", config.memory_bytes_max, storage::kChunkBytes,
              "one chunk of a body"},
      Minimum{"memory_bytes_total_max", config.memory_bytes_total_max, config.memory_bytes_max,
              "memory_bytes_max"},
      Minimum{"data_total_deadline", seconds_of(config.data_total_deadline),
              seconds_of(config.data_deadline), "data_deadline, in seconds"},
  };
  Complaints complaints;
  for (const Minimum& minimum : minimums)
    complaints.unless(minimum.value >= minimum.least, "accept." + std::string(minimum.key),
                      "must be at least " + std::to_string(minimum.least) + " (" +
                          std::string(minimum.why) + ")");
  if (!complaints.empty()) return fail(complaints.error());
  return config;
}

}  // namespace veredus::accept
