#include "mail/deliver/reason.h"

#include <utility>

#include "base/text.h"

namespace veredus::deliver {

std::string_view status_code(Cause cause) {
  switch (cause) {
    case Cause::cannot_connect:
      return "4.4.1";
    case Cause::no_answer:
    case Cause::connection_lost:
      return "4.4.2";
    case Cause::bad_reply:
      return "4.5.0";
    case Cause::too_large:
      return "5.3.4";
    case Cause::not_convertible:
      return "5.6.3";
    case Cause::storage:
    case Cause::our_fault:
      return "4.3.0";
    case Cause::reconfigured:
      return "4.3.5";
    case Cause::no_space:
      return "4.3.1";
    case Cause::mailbox_full:
      return "4.2.2";
    case Cause::mailbox:
      return "4.2.0";
    case Cause::no_mailbox:
      return "5.1.1";
    case Cause::no_tls:
      return "4.7.5";
    case Cause::no_login:
      return "4.7.8";
  }
  std::unreachable();
}

std::string reason(Cause cause, std::string_view sentence) {
  std::string text(status_code(cause));
  text += ' ';
  if (!sentence.empty()) text += ascii_upper(sentence.front());
  return text.append(sentence.substr(sentence.empty() ? 0 : 1));
}

}  // namespace veredus::deliver
