// Collects what is wrong with a configuration file, and where each value came from.

#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "base/result.h"

namespace veredus::config {

/// Something wrong in the file; line 0 when it is in no line.
struct Problem {
  std::uint32_t line = 0;
  std::string text;
};

/// One pass over a file.
class Reader {
 public:
  /// Complains of keys of `table` that are not in `known`, naming the nearest one that is.
  /// `section` is the table's name, empty for the root.
  void check_names(const toml::table& table, std::string_view section,
                   std::span<const std::string_view> known);

  void complain(const toml::node& node, std::string text);
  void complain(std::uint32_t line, std::string text) {
    problems_.push_back({line, std::move(text)});
  }

  /// Notes that `key` (`queue.expire`, `domain example.org: mailboxes`) stands in the file.
  void note(const std::string& key, const toml::node& node);
  /// The line where `key` stands; 0 when it doesn't.
  std::uint32_t line_of(const std::string& key) const;

  std::vector<Problem>& problems() noexcept { return problems_; }
  const std::map<std::string, std::uint32_t>& lines() const noexcept { return lines_; }

 private:
  std::vector<Problem> problems_;
  std::map<std::string, std::uint32_t> lines_;
};

/// The one of `names` that `name` is most likely meant to be; empty when none is near.
std::string_view nearest(std::string_view name, std::span<const std::string_view> names);

}  // namespace veredus::config
