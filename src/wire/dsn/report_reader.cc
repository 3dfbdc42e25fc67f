#include <algorithm>
#include <array>

#include "base/text.h"
#include "wire/dsn/report.h"
#include "wire/dsn/said.h"
#include "wire/mime/header.h"
#include "wire/mime/lexer.h"

namespace veredus::dsn {

namespace {

struct ActionName {
  Action action;
  std::string_view name;
};
constexpr std::array kActions{
    ActionName{Action::failed, "failed"},       ActionName{Action::delayed, "delayed"},
    ActionName{Action::delivered, "delivered"}, ActionName{Action::relayed, "relayed"},
    ActionName{Action::expanded, "expanded"},
};

using Group = std::vector<std::pair<std::string, std::string>>;  // Names in lower case, values.

constexpr std::array<std::string_view, 8> kRecipientFields{
    "original-recipient", "final-recipient",   "action",          "status", "remote-mta",
    "diagnostic-code",    "last-attempt-date", "will-retry-until"};

bool is_recipient_field(std::string_view name) {
  return std::ranges::find(kRecipientFields, name) != kRecipientFields.end();
}

bool has(const Group& group, std::string_view name) {
  return std::ranges::find(group, name, &Group::value_type::first) != group.end();
}

/// `type; text`, or a text alone.
Typed typed(std::string_view value) {
  const std::size_t semicolon = value.find(';');
  const std::string_view type = trim(value.substr(0, semicolon));
  const bool has_type = semicolon != std::string_view::npos && !type.empty() &&
                        type.find_first_of(" \t@<\"") == std::string_view::npos;
  if (!has_type) return {"", std::string(trim(value))};
  return {ascii_lower(type), std::string(trim(value.substr(semicolon + 1)))};
}

/// The same for an address, without the angle brackets that some write.
Typed typed_address(std::string_view value) {
  Typed address = typed(value);
  std::string_view text = address.text;
  if (text.starts_with('<') && text.ends_with('>')) text = text.substr(1, text.size() - 2);
  address.text = address.type == "utf-8" ? decode_utf8_address(text) : std::string(text);
  return address;
}

std::optional<mime::Date> date(std::string_view value) {
  const auto parsed = mime::parse_date(value);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

class Reader {
 public:
  explicit Reader(const ReportLimits& limits) : limits_(limits) {}

  Report read(std::string_view content) {
    while (!content.empty()) {
      const Group group = take_group(content);
      begin_recipient(group);
      for (const auto& [name, value] : group) take(name, value);
    }
    return std::move(report_);
  }

 private:
  /// The fields up to the next empty line, which is consumed too.
  Group take_group(std::string_view& content) const {
    Group group;
    while (!content.empty()) {
      const mime::Header header = mime::scan_header(content);
      for (const mime::Field& field : header.fields)
        group.emplace_back(ascii_lower(field.name), cut(mime::unfold(field.body)));
      content.remove_prefix(header.over_limit ? content.size() : header.end_offset);
      const std::string_view line = content.substr(0, content.find('\n'));
      content.remove_prefix(std::min(line.size() + 1, content.size()));
      if (trim(line).empty()) break;
      // A line that is no field: most often the rest of a diagnostic that was not folded.
      if (!group.empty() && group.back().first == "diagnostic-code")
        group.back().second = cut(group.back().second + " " + std::string(trim(line)));
    }
    return group;
  }

  std::string cut(std::string text) const {
    if (text.size() > limits_.text_octets_max) text.resize(limits_.text_octets_max);
    return text;
  }

  /// A group begins a recipient when it names one, or repeats what the last one has: some writers
  /// put empty lines between the fields of one recipient.
  void begin_recipient(const Group& group) {
    const bool is_repeated =
        (has(group, "action") && last_ != nullptr && last_->action.has_value()) ||
        (has(group, "status") && last_ != nullptr && last_->status.has_value());
    const bool is_about_one = std::ranges::any_of(
        group, [](const auto& field) { return is_recipient_field(field.first); });
    const bool names_one = has(group, "final-recipient") || has(group, "original-recipient");
    if (is_about_one && (names_one || is_repeated || last_ == nullptr)) add_recipient();
  }

  void add_recipient() {
    if (report_.recipients.size() >= limits_.recipients_max) {
      spare_ = {};
      last_ = &spare_;
    } else {
      last_ = &report_.recipients.emplace_back();
    }
  }

  void take(std::string_view name, std::string_view value) {
    if (is_recipient_field(name))
      take_recipient_field(name, value);
    else if (name == "original-envelope-id")
      report_.original_envelope_id = trim(value);
    else if (name == "reporting-mta")
      report_.reporting_mta = typed(value);
    else if (name == "received-from-mta")
      report_.received_from_mta = typed(value);
    else if (name == "arrival-date")
      report_.arrival_date = date(value);
  }

  void take_recipient_field(std::string_view name, std::string_view value) {
    if (name == "final-recipient" && !last_->final_recipient.text.empty()) add_recipient();
    RecipientReport& to = *last_;
    if (name == "original-recipient")
      to.original_recipient = typed_address(value);
    else if (name == "final-recipient")
      to.final_recipient = typed_address(value);
    else if (name == "action" && !to.action)
      to.action = parse_action(value);
    else if (name == "status" && !to.status)
      to.status = find_status(value);
    else if (name == "remote-mta")
      to.remote_mta = typed(value);
    else if (name == "diagnostic-code")
      to.diagnostic_code = typed(value);
    else if (name == "last-attempt-date")
      to.last_attempt = date(value);
    else if (name == "will-retry-until")
      to.will_retry_until = date(value);
  }

  const ReportLimits& limits_;
  Report report_;
  RecipientReport* last_ = nullptr;  ///< Into report_, or spare_ once that is full.
  RecipientReport spare_;
};

}  // namespace

std::string_view name(Action action) noexcept {
  return std::ranges::find(kActions, action, &ActionName::action)->name;
}

std::optional<Action> parse_action(std::string_view text) {
  mime::Lexer in(text);
  in.skip_cfws();
  const std::string word = in.take_token();
  if (iequals(word, "expired")) return Action::failed;
  const auto found = std::ranges::find_if(
      kActions, [&word](const ActionName& action) { return iequals(action.name, word); });
  return found == kActions.end() ? std::nullopt : std::optional(found->action);
}

Report read_report(std::string_view content, const ReportLimits& limits) {
  return Reader(limits).read(content);
}

}  // namespace veredus::dsn
