#include "mail/notice/reason.h"

#include <algorithm>
#include <array>
#include <utility>

#include <re2/re2.h>

#include "base/complaints.h"
#include "base/cursor.h"
#include "base/text.h"
#include "mail/notice/reason_rules.h"
#include "mail/notice/reason_texts.h"

namespace veredus::notice {

namespace {

constexpr std::size_t kReplyOctetsMax = 2000;
constexpr std::size_t kPatternOctetsMax = 1000;

const ReasonText& text_of(ReasonClass reason) {
  return *std::ranges::find(kReasonTexts, reason, &ReasonText::reason);
}

/// Takes what `Cursor` begins with as a status code and the space behind it.
std::optional<smtp::EnhancedStatus> take_status(Cursor& in) {
  Cursor ahead = in;
  const auto word = ahead.take_while([](char c) { return is_digit(c) || c == '.'; });
  const auto status = smtp::EnhancedStatus::parse(word);
  if (!status || !(ahead.done() || ahead.peek() == ' ')) return std::nullopt;
  in = ahead;
  in.eat(' ');
  return *status;
}

std::optional<int> take_code(Cursor& in) {
  Cursor ahead = in;
  const auto code = to_number<int>(ahead.take_while(is_digit));
  if (!code || *code < 200 || *code > 599) return std::nullopt;
  if (!ahead.done() && !ahead.eat(' ') && !ahead.eat('-')) return std::nullopt;
  in = ahead;
  return code;
}

std::optional<ReasonClass> by_status(const ReplyParts& parts, Trust trust) {
  if (!parts.status) return std::nullopt;
  const smtp::EnhancedStatus& status = *parts.status;
  const auto found = std::ranges::find_if(kStatusRules, [&](const StatusRule& rule) {
    return rule.trust == trust && rule.subject == status.subject() &&
           status.detail() >= rule.first && status.detail() <= rule.last;
  });
  return found == kStatusRules.end() ? std::nullopt : std::optional(found->reason);
}

std::optional<ReasonClass> by_code(const ReplyParts& parts) {
  if (!parts.code) return std::nullopt;
  const auto found = std::ranges::find_if(kCodeRules, [&parts](const CodeRule& rule) {
    return *parts.code >= rule.first && *parts.code <= rule.last;
  });
  return found == kCodeRules.end() ? std::nullopt : std::optional(found->reason);
}

/// `text` with each word that has an "@" in it as "@": <spam@example.org> is nobody's reason.
std::string without_addresses(std::string_view text) {
  std::string out;
  Cursor in(text);
  while (!in.done()) {
    const std::string_view word = in.take_while([](char c) { return c != ' '; });
    out += word.contains('@') ? std::string_view("@") : word;
    out += in.take_while([](char c) { return c == ' '; });
  }
  return out;
}

Reason explained(ReasonClass reason) {
  const ReasonText& text = text_of(reason);
  return {reason, std::string(text.cause), std::string(text.remedy)};
}

RE2::Options options(RE2::Options::Encoding encoding) {
  RE2::Options options;
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_encoding(encoding);
  return options;
}

struct BuiltIn {
  std::unique_ptr<RE2> pattern;
  ReasonClass reason;
};

/// Compiled once, at the first call.
const std::vector<BuiltIn>& built_in() {
  static const std::vector<BuiltIn> rules = [] {
    std::vector<BuiltIn> compiled;
    for (const WordRule& rule : kWordRules) {
      const re2::StringPiece pattern(rule.pattern.data(), rule.pattern.size());
      compiled.emplace_back(std::make_unique<RE2>(pattern, options(RE2::Options::EncodingLatin1)),
                            rule.reason);
    }
    return compiled;
  }();
  return rules;
}

std::optional<ReasonClass> by_words(std::string_view text) {
  const auto found = std::ranges::find_if(built_in(), [text](const BuiltIn& rule) {
    return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *rule.pattern);
  });
  return found == built_in().end() ? std::nullopt : std::optional(found->reason);
}

}  // namespace

struct Reasons::Compiled {
  struct OwnRule {
    std::unique_ptr<RE2> pattern;
    Reason reason;
  };
  std::vector<OwnRule> own;
};

std::string_view name(ReasonClass reason) noexcept { return text_of(reason).name; }

std::optional<ReasonClass> parse_reason_class(std::string_view name) {
  const auto found = std::ranges::find(kReasonTexts, name, &ReasonText::name);
  return found == kReasonTexts.end() ? std::nullopt : std::optional(found->reason);
}

ReplyParts take_apart(std::string_view reply) {
  ReplyParts parts;
  const std::size_t colon = reply.find(": ");
  if (istarts_with(reply, "expired")) {
    parts.expiry = reply.substr(0, colon);
    reply = colon == std::string_view::npos ? std::string_view() : reply.substr(colon + 2);
  }
  parts.said = trim(reply);
  Cursor in(parts.said);
  parts.code = take_code(in);
  parts.status = take_status(in);
  parts.text = in.rest();
  return parts;
}

Result<Reasons> Reasons::make(const std::vector<ReasonRule>& rules, std::string_view key) {
  Complaints complaints;
  auto compiled = std::make_shared<Compiled>();
  for (const ReasonRule& rule : rules) {
    const std::string at = std::string(key) + " " + rule.pattern + ": ";
    auto pattern = std::make_unique<RE2>(rule.pattern, options(RE2::Options::EncodingUTF8));
    complaints.unless(!rule.pattern.empty() && rule.pattern.size() <= kPatternOctetsMax,
                      at + "pattern", "must have 1 to 1000 octets");
    if (!pattern->ok()) complaints.add(at + "pattern", "is no RE2 pattern: " + pattern->error());
    const auto reason = parse_reason_class(rule.reason);
    complaints.unless(reason.has_value(), at + "class",
                      "must be a class of reason such as mailbox_unknown, not \"" +
                          printable(rule.reason, 40) + "\"");
    if (!reason) continue;
    Reason own = explained(*reason);
    if (!rule.cause.empty()) own.cause = rule.cause;
    if (!rule.remedy.empty()) own.remedy = rule.remedy;
    compiled->own.emplace_back(std::move(pattern), std::move(own));
  }
  if (!complaints.empty()) return fail(complaints.error());
  return Reasons(std::move(compiled));
}

Reason Reasons::classify(std::string_view reply) const {
  const ReplyParts parts = take_apart(reply.substr(0, kReplyOctetsMax));
  const re2::StringPiece said(parts.said.data(), parts.said.size());
  for (const Compiled::OwnRule& rule : compiled_->own)
    if (RE2::PartialMatch(said, *rule.pattern)) return rule.reason;

  if (const auto reason = by_status(parts, Trust::sure)) return explained(*reason);
  if (const auto reason = by_words(without_addresses(parts.text))) return explained(*reason);
  if (const auto reason = by_status(parts, Trust::weak)) return explained(*reason);
  if (const auto reason = by_code(parts)) return explained(*reason);
  return explained(parts.expiry.empty() ? ReasonClass::unknown : ReasonClass::expired);
}

}  // namespace veredus::notice
