#include "mail/deliver/config.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>

#include "base/complaints.h"

namespace veredus::deliver {

namespace {

void check_sources(const DeliverConfig& config, Complaints& complaints) {
  complaints.unless(config.sources.empty() || !config.source, "deliver.sources",
                    "may not be set together with deliver.source: list all of them here");
  for (std::size_t i = 0; i < config.sources.size(); ++i) {
    const IpAddress& source = config.sources[i];
    complaints.unless(!source.is_unspecified(), "deliver.sources",
                      source.text() + " is no address to connect from");
    const auto before = std::span(config.sources).first(i);
    complaints.unless(std::ranges::find(before, source) == before.end(), "deliver.sources",
                      source.text() + " is there twice");
  }
}

}  // namespace

std::vector<IpAddress> DeliverConfig::all_sources() const {
  if (source) return {*source};
  return sources;
}

std::uint32_t DeliverConfig::source_count() const {
  const auto all = all_sources();
  const auto v4 = std::ranges::count_if(all, &IpAddress::is_v4);
  const auto v6 = std::ssize(all) - v4;
  if (v4 == 0 || v6 == 0) return static_cast<std::uint32_t>(std::max({v4, v6, std::ptrdiff_t{1}}));
  return static_cast<std::uint32_t>(std::min(v4, v6));
}

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
      Minimum{"host_pause", config.host_pause.count(), 1},
  };
  Complaints complaints;
  for (const Minimum& minimum : minimums)
    complaints.unless(minimum.value >= minimum.least, "deliver." + std::string(minimum.key),
                      "must be at least " + std::to_string(minimum.least));
  check_sources(config, complaints);
  complaints.unless(
      config.certificate.certificate_file.empty() == config.certificate.key_file.empty(),
      config.certificate.key_file.empty() ? "deliver.certificate" : "deliver.key",
      "certificate and key are set together or not at all");
  if (!complaints.empty()) return fail(complaints.error());
  return config;
}

}  // namespace veredus::deliver
