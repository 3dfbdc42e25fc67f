#include "wire/smtp/capabilities.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/text.h"
#include "wire/smtp/chars.h"

namespace veredus::smtp {

namespace {

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (const auto part : text | std::views::split(' '))
    if (!part.empty()) out.emplace_back(part.begin(), part.end());
  return out;
}

bool is_keyword(std::string_view word) noexcept {
  return !word.empty() && is(kLetDig, word.front()) &&
         std::ranges::all_of(word, [](char c) { return is(kLetDig, c) || c == '-'; });
}

}  // namespace

Capabilities Capabilities::parse(const PeerReply& reply) {
  Capabilities capabilities;
  const std::vector<std::string_view> lines = reply.lines();
  const std::vector<std::string> first = words(lines.front());
  if (!first.empty()) capabilities.peer_name_ = printable(first.front());
  for (const std::string_view line : lines | std::views::drop(1)) capabilities.add(line);
  return capabilities;
}

void Capabilities::add(std::string_view line) {
  std::vector<std::string> params = words(line);
  if (params.empty()) return;
  std::string word = ascii_upper(params.front());
  params.erase(params.begin());
  // Old servers say "AUTH=LOGIN PLAIN" for clients that knew no other form.
  if (word.starts_with("AUTH=")) {
    if (word.size() > 5) params.insert(params.begin(), word.substr(5));
    word = "AUTH";
  }
  if (!is_keyword(word)) return;

  if (const auto extension = find_extension(word)) {
    extensions_.insert(*extension);
    if (*extension == Extension::auth) add_auth(params);
    if (*extension == Extension::size && !params.empty()) {
      size_max_ = to_number(params.front());
      if (size_max_ == 0) size_max_.reset();
    }
  }
  entries_.emplace_back(std::move(word), std::move(params));
}

void Capabilities::add_auth(const std::vector<std::string>& mechanisms) {
  for (const std::string& mechanism : mechanisms)
    if (!has_auth(mechanism)) auth_mechanisms_.push_back(ascii_upper(mechanism));
}

bool Capabilities::has_auth(std::string_view mechanism) const noexcept {
  return std::ranges::any_of(auth_mechanisms_, [mechanism](const std::string& known) {
    return iequals(known, mechanism);
  });
}

const Capabilities::Entry* Capabilities::find(std::string_view keyword) const noexcept {
  const auto found = std::ranges::find_if(
      entries_, [keyword](const Entry& entry) { return iequals(entry.keyword, keyword); });
  return found == entries_.end() ? nullptr : &*found;
}

}  // namespace veredus::smtp
