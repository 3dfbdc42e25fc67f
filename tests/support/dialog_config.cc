// The configuration that a dialog may change, by key.

#include <algorithm>
#include <array>

#include "base/text.h"
#include "support/dialog_script.h"

namespace veredus::testing {
namespace {

using accept::AcceptConfig;

template <auto kMember>
bool set_number(AssemblyConfig& config, std::string_view value) {
  auto& member = config.accept.*kMember;
  const auto number = to_number<std::remove_reference_t<decltype(member)>>(value);
  if (number) member = *number;
  return number.has_value();
}

template <auto kMember>
bool set_seconds(AssemblyConfig& config, std::string_view value) {
  const auto number = to_number<std::uint32_t>(value);
  if (number) config.accept.*kMember = std::chrono::seconds(*number);
  return number.has_value();
}

bool set_bare_newline(AssemblyConfig& config, std::string_view value) {
  const bool convert = value == "convert";
  config.accept.bare_newline = convert ? smtp::BareNewline::convert : smtp::BareNewline::refuse;
  return convert || value == "refuse";
}

struct Setting {
  std::string_view key;
  bool (*set)(AssemblyConfig&, std::string_view value);
};

constexpr std::array kSettings{
    Setting{"accept.message_bytes_max", set_number<&AcceptConfig::message_bytes_max>},
    Setting{"accept.recipients_max", set_number<&AcceptConfig::recipients_max>},
    Setting{"accept.expanded_recipients_max", set_number<&AcceptConfig::expanded_recipients_max>},
    Setting{"accept.command_octets_max", set_number<&AcceptConfig::command_octets_max>},
    Setting{"accept.text_line_octets_max", set_number<&AcceptConfig::text_line_octets_max>},
    Setting{"accept.hops_max", set_number<&AcceptConfig::hops_max>},
    Setting{"accept.sessions_max", set_number<&AcceptConfig::sessions_max>},
    Setting{"accept.sessions_per_client_max", set_number<&AcceptConfig::sessions_per_client_max>},
    Setting{"accept.errors_max", set_number<&AcceptConfig::errors_max>},
    Setting{"accept.errors_before_delay", set_number<&AcceptConfig::errors_before_delay>},
    Setting{"accept.error_delay", set_seconds<&AcceptConfig::error_delay>},
    Setting{"accept.greeting_delay", set_seconds<&AcceptConfig::greeting_delay>},
    Setting{"accept.idle_commands_max", set_number<&AcceptConfig::idle_commands_max>},
    Setting{"accept.memory_bytes_max", set_number<&AcceptConfig::memory_bytes_max>},
    Setting{"accept.data_total_deadline", set_seconds<&AcceptConfig::data_total_deadline>},
    Setting{"accept.bare_newline", set_bare_newline},
};

}  // namespace

bool set_value(AssemblyConfig& config, std::string_view key, std::string_view value) {
  const auto* found = std::ranges::find(kSettings, key, &Setting::key);
  return found != kSettings.end() && found->set(config, value);
}

}  // namespace veredus::testing
