#include "wire/smtp/dialogue.h"

#include <string>

namespace veredus::smtp {

namespace {

Reply out_of_order(Verb verb, Phase phase) {
  if (verb == Verb::mail) return Reply(503, {5, 5, 1}, "A message is under way; say RSET first");
  if (phase == kGreeted) return Reply(503, {5, 5, 1}, "Send MAIL first");
  if (phase == kChunks)
    return Reply(503, {5, 5, 1}, "The message has begun with BDAT; go on with BDAT or say RSET");
  if (verb == Verb::data || verb == Verb::bdat)
    return Reply(503, {5, 5, 1}, "Send RCPT first; no recipient has been accepted");
  return Reply(503, {5, 5, 1}, std::string(name(verb)) + " is not allowed during a message");
}

bool is_greeting(Verb verb) noexcept {
  return verb == Verb::ehlo || verb == Verb::helo || verb == Verb::lhlo;
}

}  // namespace

std::optional<Reply> Dialogue::refuse_greeting(Verb verb) const {
  const bool lmtp = config_.protocol == Protocol::lmtp;
  if (is_greeting(verb) && lmtp != (verb == Verb::lhlo))
    return Reply(500, {5, 5, 1}, lmtp ? "This is LMTP; say LHLO" : "This is SMTP; say EHLO");
  return std::nullopt;
}

std::optional<Reply> Dialogue::refuse(Verb verb) const {
  const Rule* rule = find_rule(verb);
  if (rule == nullptr) return Reply(500, {5, 5, 1}, "Unknown command");
  if (auto refusal = refuse_greeting(verb)) return refusal;
  if (verb == Verb::starttls && tls_on_) return Reply(503, {5, 5, 1}, "TLS is already on");
  if (rule->needs && !config_.announced.has(*rule->needs))
    return Reply(502, {5, 5, 1}, std::string(name(verb)) + " is not offered here");
  if (config_.tls_required && !tls_on_ && !rule->before_tls)
    return Reply(530, {5, 7, 0}, "Start TLS first");
  if (verb == Verb::auth && authenticated_)
    return Reply(503, {5, 5, 1}, "You have already authenticated");
  if ((rule->phases & phase_) != 0) return std::nullopt;
  if (phase_ == kConnected)
    return Reply(503, {5, 5, 1},
                 config_.protocol == Protocol::lmtp ? "Say LHLO first" : "Say EHLO first");
  return out_of_order(verb, phase_);
}

}  // namespace veredus::smtp
