// Domains named one by one or as `*.example.org`.

#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "wire/smtp/address.h"

namespace veredus::route {

/// Pattern -> value. An exact name wins, then the longest `*.suffix`, which stands for every name
/// below the suffix but not the suffix itself.
template <class Value>
class DomainPatterns {
 public:
  /// Errors: malformed (not a domain, or named twice).
  Result<> add(std::string_view pattern, Value value) {
    const bool is_suffix = pattern.starts_with("*.");
    const auto domain = smtp::Domain::parse(is_suffix ? pattern.substr(2) : pattern);
    if (!domain) return fail(domain.error());
    const std::string key = (is_suffix ? "." : "") + std::string(domain->ascii());
    if (!values_.emplace(key, std::move(value)).second)
      return fail(Fault::malformed, "named twice: " + printable(pattern));
    return {};
  }

  /// Null when nothing matches. `domain` is as smtp::Domain has it.
  const Value* find(std::string_view domain) const {
    if (const auto exact = values_.find(domain); exact != values_.end()) return &exact->second;
    for (auto dot = domain.find('.'); dot != std::string_view::npos;
         dot = domain.find('.', dot + 1))
      if (const auto suffix = values_.find(domain.substr(dot)); suffix != values_.end())
        return &suffix->second;
    return nullptr;
  }

 private:
  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace veredus::route
