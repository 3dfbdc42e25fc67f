#include "main/config/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace veredus::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
// Longer units first where they are whole: 90 s is "90s", 120 s is "2m".
constexpr std::array kTimeUnits{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                                Unit{"s", 1'000}, Unit{"ms", 1}};
constexpr std::array kOctetUnits{Unit{"GiB", 1ULL << 30}, Unit{"MiB", 1ULL << 20},
                                 Unit{"KiB", 1ULL << 10}};

/// The number before a unit, times the unit; nothing when it is not written that way.
std::optional<std::uint64_t> read_amount(std::string_view text, std::span<const Unit> units) {
  const auto digits = std::ranges::find_if_not(text, is_digit);
  const auto count = static_cast<std::size_t>(digits - text.begin());
  const auto number = to_number(text.substr(0, count));
  const auto unit = std::ranges::find(units, trim(text.substr(count)), &Unit::name);
  if (!number || unit == units.end()) return std::nullopt;
  if (*number > std::numeric_limits<std::int64_t>::max() / unit->factor) return std::nullopt;
  return *number * unit->factor;
}

std::optional<std::string> as_string(const toml::node& node) {
  return node.value_exact<std::string>();
}

template <class T>
struct Choice {
  std::string_view name;
  T value;
};

constexpr std::array kBareNewlines{Choice{"refuse", smtp::BareNewline::refuse},
                                   Choice{"convert", smtp::BareNewline::convert}};
constexpr std::array kServices{
    Choice{"smtp", accept::Port{}},
    Choice{"submission", accept::Port{policy::Service::submission, accept::TlsStart::on_request}},
    Choice{"submissions", accept::Port{policy::Service::submission, accept::TlsStart::at_once}}};
constexpr std::array kTlsUses{
    Choice{"none", route::TlsUse::none}, Choice{"opportunistic", route::TlsUse::opportunistic},
    Choice{"require", route::TlsUse::require}, Choice{"verify", route::TlsUse::verify}};
constexpr std::array kTlsVersions{Choice{"1.2", io::TlsVersion::tls_1_2},
                                  Choice{"1.3", io::TlsVersion::tls_1_3}};
constexpr std::array kLevels{Choice{"debug", log::Level::debug}, Choice{"info", log::Level::info},
                             Choice{"warning", log::Level::warning},
                             Choice{"error", log::Level::error}};
constexpr std::array kFormats{Choice{"logfmt", log::Format::logfmt},
                              Choice{"json", log::Format::json}};

template <class T, std::size_t N>
Result<T> read_choice(const toml::node& node, const std::array<Choice<T>, N>& choices) {
  const auto text = as_string(node);
  const auto found = std::ranges::find(choices, text.value_or(""), &Choice<T>::name);
  if (found == choices.end()) return wrong(Value<T>::expected(), node);
  return found->value;
}

template <class T, std::size_t N>
std::string write_choice(T value, const std::array<Choice<T>, N>& choices) {
  return toml_string(std::ranges::find(choices, value, &Choice<T>::value)->name);
}

}  // namespace

std::string found(const toml::node& node) {
  if (const auto text = as_string(node)) return toml_string(printable(*text, 60));
  if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  if (const auto number = node.value_exact<double>()) return Value<double>::write(*number);
  if (const auto truth = node.value_exact<bool>()) return Value<bool>::write(*truth);
  if (node.is_array()) return "a list";
  if (node.is_table()) return "a table";
  return "a date or time";
}

std::unexpected<Error> wrong(const std::string& expected, const toml::node& node) {
  return fail(Fault::malformed, "expected " + expected + "; found " + found(node));
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out + '"';
}

Result<std::int64_t> read_integer(const toml::node& node, std::int64_t least, std::uint64_t most) {
  const auto limit = static_cast<std::int64_t>(
      std::min<std::uint64_t>(most, std::numeric_limits<std::int64_t>::max()));
  const auto number = node.value_exact<std::int64_t>();
  if (!number) return wrong("a number", node);
  if (*number < least || *number > limit)
    return wrong(fmt::format("a number from {} to {}", least, limit), node);
  return *number;
}

Result<std::chrono::milliseconds> read_duration(const toml::node& node) {
  const auto text = as_string(node);
  const auto amount = text ? read_amount(*text, kTimeUnits) : std::nullopt;
  if (!amount) return wrong(Value<std::chrono::milliseconds>::expected(), node);
  return std::chrono::milliseconds(*amount);
}

std::string write_duration(std::chrono::milliseconds duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  const auto unit = std::ranges::find_if(
      kTimeUnits, [count](const Unit& u) { return count > 0 && count % u.factor == 0; });
  if (unit == kTimeUnits.end()) return toml_string("0s");
  return toml_string(std::to_string(count / unit->factor) + std::string(unit->name));
}

Result<bool> Value<bool>::read(const toml::node& node) {
  const auto truth = node.value_exact<bool>();
  if (!truth) return wrong(expected(), node);
  return *truth;
}

Result<double> Value<double>::read(const toml::node& node) {
  const auto number = node.value<double>();
  if (!number) return wrong(expected(), node);
  return *number;
}

std::string Value<double>::write(double value) {
  std::string text = fmt::format("{}", value);
  return text.contains('.') ? text : text + ".0";
}

Result<std::string> Value<std::string>::read(const toml::node& node) {
  auto text = as_string(node);
  if (!text) return wrong(expected(), node);
  return std::move(*text);
}

Result<std::chrono::seconds> Value<std::chrono::seconds>::read(const toml::node& node) {
  const auto duration = read_duration(node);
  if (!duration) return wrong(expected(), node);
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(*duration);
  if (whole != *duration) return wrong(expected(), node);
  return whole;
}

Result<io::Endpoint> Value<io::Endpoint>::read(const toml::node& node) {
  const auto text = as_string(node);
  if (!text) return wrong(expected(), node);
  auto endpoint = io::Endpoint::parse(*text);
  if (!endpoint) return wrong(expected(), node);
  return std::move(*endpoint);
}

Result<IpNetwork> Value<IpNetwork>::read(const toml::node& node) {
  const auto text = as_string(node);
  if (!text) return wrong(expected(), node);
  auto network = IpNetwork::parse(*text);
  if (!network) return fail(Fault::malformed, found(node) + ": " + network.error().text());
  return std::move(*network);
}

Result<IpAddress> Value<IpAddress>::read(const toml::node& node) {
  const auto text = as_string(node);
  if (!text) return wrong(expected(), node);
  auto address = IpAddress::parse(*text);
  if (!address) return wrong(expected(), node);
  return address;
}

Result<std::optional<IpAddress>> Value<std::optional<IpAddress>>::read(const toml::node& node) {
  const auto text = as_string(node);
  if (!text) return wrong(expected(), node);
  if (text->empty()) return std::optional<IpAddress>();
  const auto address = IpAddress::parse(*text);
  if (!address) return wrong(expected(), node);
  return std::optional(*address);
}

Result<smtp::BareNewline> Value<smtp::BareNewline>::read(const toml::node& node) {
  return read_choice(node, kBareNewlines);
}
std::string Value<smtp::BareNewline>::write(smtp::BareNewline value) {
  return write_choice(value, kBareNewlines);
}
Result<accept::Port> Value<accept::Port>::read(const toml::node& node) {
  return read_choice(node, kServices);
}
std::string Value<accept::Port>::write(accept::Port value) {
  return write_choice(value, kServices);
}
Result<route::TlsUse> Value<route::TlsUse>::read(const toml::node& node) {
  return read_choice(node, kTlsUses);
}
std::string Value<route::TlsUse>::write(route::TlsUse value) {
  return write_choice(value, kTlsUses);
}
auto Value<std::optional<route::TlsUse>>::read(const toml::node& node)
    -> Result<std::optional<route::TlsUse>> {
  if (as_string(node) == "") return std::nullopt;
  const auto value = Value<route::TlsUse>::read(node);
  if (!value) return fail(value.error());
  return *value;
}
Result<io::TlsVersion> Value<io::TlsVersion>::read(const toml::node& node) {
  return read_choice(node, kTlsVersions);
}
std::string Value<io::TlsVersion>::write(io::TlsVersion value) {
  return write_choice(value, kTlsVersions);
}
Result<log::Level> Value<log::Level>::read(const toml::node& node) {
  return read_choice(node, kLevels);
}
std::string Value<log::Level>::write(log::Level value) { return write_choice(value, kLevels); }
Result<log::Format> Value<log::Format>::read(const toml::node& node) {
  return read_choice(node, kFormats);
}
std::string Value<log::Format>::write(log::Format value) { return write_choice(value, kFormats); }

auto Value<std::map<std::string, std::vector<std::string>>>::read(const toml::node& node)
    -> Result<Map> {
  const toml::table* table = node.as_table();
  if (table == nullptr) return wrong(expected(), node);
  Map map;
  for (const auto& [name, value] : *table) {
    std::string key(name.str());
    if (auto one = as_string(value)) {
      map.emplace(std::move(key), std::vector{std::move(*one)});
      continue;
    }
    auto several = Value<std::vector<std::string>>::read(value);
    if (!several) return fail(Fault::malformed, key + ": " + several.error().text());
    map.emplace(std::move(key), std::move(*several));
  }
  return map;
}

std::string Value<std::map<std::string, std::vector<std::string>>>::write(const Map& value) {
  std::string text;
  for (const auto& [name, targets] : value)
    text += (text.empty() ? "" : ", ") + toml_string(name) + " = " +
            Value<std::vector<std::string>>::write(targets);
  return text.empty() ? "{}" : "{ " + text + " }";
}

Result<std::uint64_t> Octets::read(const toml::node& node) {
  if (const auto number = node.value_exact<std::int64_t>(); number && *number >= 0)
    return static_cast<std::uint64_t>(*number);
  const auto text = as_string(node);
  const auto amount = text ? read_amount(*text, kOctetUnits) : std::nullopt;
  if (!amount) return wrong(expected(), node);
  return *amount;
}

std::string Octets::write(std::uint64_t value) {
  for (const Unit& unit : kOctetUnits)
    if (value > 0 && value % unit.factor == 0)
      return toml_string(std::to_string(value / unit.factor) + std::string(unit.name));
  return std::to_string(value);
}

Result<unsigned> FileMode::read(const toml::node& node) {
  constexpr unsigned kMost = 0777;
  const auto text = node.value_exact<std::string>();
  unsigned mode = 0;
  if (!text) return wrong(expected(), node);
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, mode, 8);
  if (text->empty() || error != std::errc() || stop != end || mode > kMost)
    return wrong(expected(), node);
  return mode;
}

std::string FileMode::write(unsigned value) { return toml_string(fmt::format("{:04o}", value)); }

}  // namespace veredus::config
