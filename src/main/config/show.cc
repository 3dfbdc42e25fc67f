#include "main/config/show.h"

#include <algorithm>
#include <string_view>

#include "main/config/schema.h"

namespace veredus::config {
namespace {

constexpr std::size_t kColumns = 96;

std::string heading(const Section& section) {
  const std::string name(section.name);
  return section.repeated ? "[[" + name + "]]\n" : '[' + name + "]\n";
}

/// `text` as comment lines no wider than kColumns.
std::string comment(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t end = text.size();
    if (end > kColumns - 2) {
      end = text.rfind(' ', kColumns - 2);
      if (end == std::string_view::npos) end = std::min(text.find(' '), text.size());
    }
    out += "# " + std::string(text.substr(0, end)) + '\n';
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return out;
}

/// The key's name in Loaded::lines. `label` is that of a table in a repeated section.
std::string path_of(const Section& section, const std::string& label, std::string_view key) {
  if (section.name.empty()) return std::string(key);
  if (section.repeated) return label + ": " + std::string(key);
  return std::string(section.name) + '.' + std::string(key);
}

std::string unquoted(const std::string& value) {
  return value.size() >= 2 && value.front() == '"' ? value.substr(1, value.size() - 2) : value;
}

void show_table(const Section& section, const std::vector<std::string>& values,
                const Loaded& loaded, std::string& out) {
  const std::string label = std::string(section.name) + ' ' + unquoted(values.front());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const KeyInfo& key = section.keys[i];
    const auto line = loaded.lines.find(path_of(section, label, key.name));
    const std::string origin =
        line == loaded.lines.end() ? "default" : loaded.source + ':' + std::to_string(line->second);
    out += std::string(key.name) + " = " + values[i] + "  # " + origin + '\n';
  }
}

}  // namespace

std::string show(const Loaded& loaded) {
  std::string out;
  for (const Section& section : schema())
    for (const std::vector<std::string>& values : section.write(loaded.config)) {
      if (!section.name.empty()) out += '\n' + heading(section);
      show_table(section, values, loaded, out);
    }
  return out;
}

std::string reference() {
  std::string out = comment(
      "Every key of veredus.toml, with its default. Durations are strings such as \"500ms\", "
      "\"30s\", \"5m\", \"4h\", \"2d\"; octets a number or a string such as \"50MiB\".");
  for (const Section& section : schema()) {
    out += '\n';
    if (!section.doc.empty()) out += comment(section.doc);
    if (!section.name.empty()) out += heading(section);
    for (const KeyInfo& key : section.keys) {
      out += '\n' + comment(key.doc) + comment("Takes " + key.expected + '.');
      out += std::string(key.name) + " = " + key.default_value + '\n';
    }
  }
  return out;
}

}  // namespace veredus::config
