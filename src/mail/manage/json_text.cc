#include "mail/manage/json_text.h"

#include <fmt/chrono.h>

#include "base/utf8.h"

namespace veredus::manage {
namespace {

namespace json = boost::json;

constexpr std::size_t kTextMax = 4096;

}  // namespace

std::string shown(std::string_view text) { return readable(text, kTextMax); }

json::value time_value(WallTime when) {
  if (when == WallTime{}) return nullptr;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(when);
  return json::string(fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", seconds));
}

json::value precise_time_value(WallTime when) {
  if (when == WallTime{}) return nullptr;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(when);
  const auto rest = std::chrono::floor<std::chrono::milliseconds>(when - seconds);
  return json::string(fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", seconds, rest.count()));
}

std::string string_in(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  const json::string* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

bool flag_in(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  const bool* flag = member == nullptr ? nullptr : member->if_bool();
  return flag != nullptr && *flag;
}

}  // namespace veredus::manage
