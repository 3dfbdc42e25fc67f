#include "mail/deliver/config.h"

#include <array>
#include <string_view>

#include "base/complaints.h"

namespace veredus::deliver {

Result<DeliverConfig> checked(DeliverConfig config) {
  struct Minimum {
    std::string_view key;
    std::int64_t value;
    std::int64_t least;
  };
  const std::array minimums{
      Minimum{"port", config.port, 1},
      Minimum{"connect_deadline", config.connect_deadline.count(), 1},
      Minimum{"greeting_deadline", config.greeting_deadline.count(), 1},
      Minimum{"command_deadline", config.command_deadline.count(), 1},
      Minimum{"data_deadline", config.data_deadline.count(), 1},
      Minimum{"block_deadline", config.block_deadline.count(), 1},
      Minimum{"final_deadline", config.final_deadline.count(), 1},
      Minimum{"messages_per_connection_max", config.messages_per_connection_max, 1},
      Minimum{"hosts_max", config.hosts_max, 1},
  };
  Complaints complaints;
  for (const Minimum& minimum : minimums)
    complaints.unless(minimum.value >= minimum.least, "deliver." + std::string(minimum.key),
                      "must be at least " + std::to_string(minimum.least));
  if (!complaints.empty()) return fail(complaints.error());
  return config;
}

}  // namespace veredus::deliver
