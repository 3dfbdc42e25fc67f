#include "main/config/reader.h"

#include <algorithm>
#include <numeric>

#include "base/text.h"

namespace veredus::config {
namespace {

/// Insertions, deletions and replacements that lead from one word to the other (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::string_view nearest(std::string_view name, std::span<const std::string_view> names) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : names) {
    const std::size_t steps = distance(name, candidate);
    if (steps >= best_distance) continue;
    best = candidate;
    best_distance = steps;
  }
  return best;
}

void Reader::check_names(const toml::table& table, std::string_view section,
                         std::span<const std::string_view> known) {
  const std::string prefix = section.empty() ? "" : std::string(section) + '.';
  for (const auto& [name, value] : table) {
    if (std::ranges::find(known, name.str()) != known.end()) continue;
    std::string text = prefix + printable(name.str(), 60) + ": no such key";
    const std::string_view near = nearest(name.str(), known);
    if (!near.empty()) text += "; did you mean " + prefix + std::string(near) + "?";
    complain(value, std::move(text));
  }
}

void Reader::complain(const toml::node& node, std::string text) {
  complain(node.source().begin.line, std::move(text));
}

void Reader::note(const std::string& key, const toml::node& node) {
  lines_.emplace(key, node.source().begin.line);
}

std::uint32_t Reader::line_of(const std::string& key) const {
  const auto found = lines_.find(key);
  return found == lines_.end() ? 0 : found->second;
}

}  // namespace veredus::config
