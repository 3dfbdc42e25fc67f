// How each type of value is written in TOML: read, written and described.

#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <toml++/toml.h>

#include "base/ip.h"
#include "base/log.h"
#include "base/result.h"
#include "io/endpoint.h"
#include "io/tls/server.h"
#include "mail/accept/port.h"
#include "mail/route/security.h"
#include "wire/smtp/data_decoder.h"

namespace veredus::config {

/// Errors of all read(): malformed; the text says what was expected and what was found.
template <class T>
struct Value;

/// What stands there, for an error: `"soon"`, `3`, `a table`.
std::string found(const toml::node& node);
/// `expected ...; found ...`
std::unexpected<Error> wrong(const std::string& expected, const toml::node& node);
/// As a TOML string.
std::string toml_string(std::string_view text);

Result<std::int64_t> read_integer(const toml::node& node, std::int64_t least, std::uint64_t most);
/// A string of a number and a unit (`ms`, `s`, `m`, `h`, `d`).
Result<std::chrono::milliseconds> read_duration(const toml::node& node);
std::string write_duration(std::chrono::milliseconds duration);

template <class T>
  requires std::integral<T>
struct Value<T> {
  static std::string expected() { return "a number"; }
  static Result<T> read(const toml::node& node) {
    const auto number = read_integer(node, 0, std::numeric_limits<T>::max());
    if (!number) return fail(number.error());
    return static_cast<T>(*number);
  }
  static std::string write(T value) { return std::to_string(value); }
};

template <>
struct Value<bool> {
  static std::string expected() { return "true or false"; }
  static Result<bool> read(const toml::node& node);
  static std::string write(bool value) { return value ? "true" : "false"; }
};

template <>
struct Value<double> {
  static std::string expected() { return "a number"; }
  static Result<double> read(const toml::node& node);
  static std::string write(double value);
};

template <>
struct Value<std::string> {
  static std::string expected() { return "a string"; }
  static Result<std::string> read(const toml::node& node);
  static std::string write(const std::string& value) { return toml_string(value); }
};

template <>
struct Value<std::chrono::milliseconds> {
  static std::string expected() { return R"(a duration such as "500ms", "30s", "5m")"; }
  static Result<std::chrono::milliseconds> read(const toml::node& node) {
    return read_duration(node);
  }
  static std::string write(std::chrono::milliseconds value) { return write_duration(value); }
};

template <>
struct Value<std::chrono::seconds> {
  static std::string expected() { return R"(a duration such as "30s", "5m", "4h", "2d")"; }
  static Result<std::chrono::seconds> read(const toml::node& node);
  static std::string write(std::chrono::seconds value) { return write_duration(value); }
};

template <>
struct Value<io::Endpoint> {
  static std::string expected() {
    return R"(an address with port such as "192.0.2.1:25" or "[::]:25", or "unix:/path/of/socket")";
  }
  static Result<io::Endpoint> read(const toml::node& node);
  static std::string write(const io::Endpoint& value) { return toml_string(value.text()); }
};

template <>
struct Value<IpNetwork> {
  static std::string expected() { return R"(a network such as "192.0.2.0/24")"; }
  static Result<IpNetwork> read(const toml::node& node);
  static std::string write(const IpNetwork& value) { return toml_string(value.text()); }
};

template <>
struct Value<IpAddress> {
  static std::string expected() { return "an IP address"; }
  static Result<IpAddress> read(const toml::node& node);
  static std::string write(const IpAddress& value) { return toml_string(value.text()); }
};

/// Empty means none.
template <>
struct Value<std::optional<IpAddress>> {
  static std::string expected() { return R"(an IP address, or "" for none)"; }
  static Result<std::optional<IpAddress>> read(const toml::node& node);
  static std::string write(const std::optional<IpAddress>& value) {
    return toml_string(value ? value->text() : "");
  }
};

template <>
struct Value<smtp::BareNewline> {
  static std::string expected() { return R"("refuse" or "convert")"; }
  static Result<smtp::BareNewline> read(const toml::node& node);
  static std::string write(smtp::BareNewline value);
};

template <>
struct Value<accept::Port> {
  static std::string expected() { return R"("smtp", "submission" or "submissions")"; }
  static Result<accept::Port> read(const toml::node& node);
  static std::string write(accept::Port value);
};

template <>
struct Value<route::TlsUse> {
  static std::string expected() { return R"("none", "opportunistic", "require" or "verify")"; }
  static Result<route::TlsUse> read(const toml::node& node);
  static std::string write(route::TlsUse value);
};

/// Empty means not set.
template <>
struct Value<std::optional<route::TlsUse>> {
  static std::string expected() { return Value<route::TlsUse>::expected() + R"(, or "")"; }
  static Result<std::optional<route::TlsUse>> read(const toml::node& node);
  static std::string write(const std::optional<route::TlsUse>& value) {
    return value ? Value<route::TlsUse>::write(*value) : toml_string("");
  }
};

template <>
struct Value<io::TlsVersion> {
  static std::string expected() { return R"("1.2" or "1.3")"; }
  static Result<io::TlsVersion> read(const toml::node& node);
  static std::string write(io::TlsVersion value);
};

template <>
struct Value<log::Level> {
  static std::string expected() { return R"("debug", "info", "warning" or "error")"; }
  static Result<log::Level> read(const toml::node& node);
  static std::string write(log::Level value);
};

template <>
struct Value<log::Format> {
  static std::string expected() { return R"("logfmt" or "json")"; }
  static Result<log::Format> read(const toml::node& node);
  static std::string write(log::Format value);
};

/// 0 means none.
template <class T>
  requires std::integral<T>
struct Value<std::optional<T>> {
  static std::string expected() { return "a number, or 0 for none"; }
  static Result<std::optional<T>> read(const toml::node& node) {
    const auto number = Value<T>::read(node);
    if (!number) return fail(number.error());
    return *number == 0 ? std::nullopt : std::optional<T>(*number);
  }
  static std::string write(const std::optional<T>& value) {
    return Value<T>::write(value.value_or(0));
  }
};

template <class T>
struct Value<std::vector<T>> {
  static std::string expected() { return "a list, each " + Value<T>::expected(); }
  static Result<std::vector<T>> read(const toml::node& node) {
    const toml::array* array = node.as_array();
    if (array == nullptr) return wrong(expected(), node);
    std::vector<T> values;
    for (const toml::node& element : *array) {
      auto value = Value<T>::read(element);
      if (!value) return fail(value.error());
      values.push_back(std::move(*value));
    }
    return values;
  }
  static std::string write(const std::vector<T>& values) {
    std::string text;
    for (const T& value : values) text += (text.empty() ? "" : ", ") + Value<T>::write(value);
    return '[' + text + ']';
  }
};

/// Aliases: `sales = ["you", "other"]` or `info = "you"`.
template <>
struct Value<std::map<std::string, std::vector<std::string>>> {
  using Map = std::map<std::string, std::vector<std::string>>;
  static std::string expected() { return R"(a table such as { sales = ["ann", "bob"] })"; }
  static Result<Map> read(const toml::node& node);
  static std::string write(const Map& value);
};

/// A number of octets.
struct Octets {
  static std::string expected() { return R"(octets: a number, or a string such as "50MiB")"; }
  static Result<std::uint64_t> read(const toml::node& node);
  static std::string write(std::uint64_t value);
};

/// Permissions of a file, in octal digits.
struct FileMode {
  static std::string expected() { return R"(permissions in octal, such as "0660")"; }
  static Result<unsigned> read(const toml::node& node);
  static std::string write(unsigned value);
};

}  // namespace veredus::config
