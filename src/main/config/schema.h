// The keys of the configuration file, each described once: reading, showing, checking for unknown
// keys and the reference all work from these tables.

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "main/config/config.h"
#include "main/config/reader.h"

namespace veredus::config {

/// What people need to know of a key.
struct KeyInfo {
  std::string_view name;
  std::string_view doc;
  std::string expected;
  std::string default_value;  ///< As TOML.
};

/// A table of the file, `[name]`, or `[[name]]` when it is repeated; the root has no name.
struct Section {
  std::string_view name;
  std::string_view doc;
  bool repeated = false;
  std::vector<KeyInfo> keys;
  /// Reads a table's keys into `config` (of a repeated one: all of them).
  std::function<void(const toml::node& node, Config& config, Reader& reader)> read;
  /// For each table that there is, the values of `keys` as TOML.
  using Values = std::vector<std::vector<std::string>>;
  std::function<Values(const Config& config)> write;
};

/// The root first.
const std::vector<Section>& schema();

}  // namespace veredus::config
