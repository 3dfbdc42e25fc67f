// From veredus.toml to a Config: everything wrong with it is told at once.

#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "main/config/config.h"

namespace veredus::config {

struct Loaded {
  Config config;
  std::string source;  ///< Where it was read: a path, or `--dev`.
  /// Line in the source by key (`queue.expire`, `domain example.org: mailboxes`).
  std::map<std::string, std::uint32_t> lines;

  /// It was made by load_development(): there is no file.
  bool is_development() const noexcept;
};

/// Reads and checks `text`; `source` names it in errors. Error: malformed; the text has a line for
/// each problem, `source:line: key: what is wrong`, in order of lines.
[[nodiscard]] Result<Loaded> parse(std::string_view text, const std::string& source);

/// Reads the file at `path`. Errors: as parse(); unavailable when it cannot be read.
[[nodiscard]] Result<Loaded> load(const std::string& path);

/// What the file at `path` says, neither checked nor complete: values that cannot be read keep
/// their defaults. For what users run who may not read all that the server reads. Errors:
/// unavailable (it cannot be read), malformed (it is no TOML).
[[nodiscard]] Result<Config> load_unchecked(const std::string& path);

/// What is allowed but probably not meant, or dangerous: one sentence each, with its key.
std::vector<std::string> warnings(const Config& config);

/// A mail server to try things out with: loopback, port 2525, everything below ./run.
std::string_view development_text();
/// Who can log in there, and with what.
inline constexpr std::string_view kTrialAddress = "you@example.test";
inline constexpr std::string_view kTrialPassword = "try-veredus";
/// That, read; its source is `--dev`.
[[nodiscard]] Result<Loaded> load_development();

/// Reads again what `loaded` was read from. Errors as load().
[[nodiscard]] Result<Loaded> load_again(const Loaded& loaded);

}  // namespace veredus::config
