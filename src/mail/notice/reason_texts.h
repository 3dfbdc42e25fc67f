// What each class of reason means, in words for people.

#pragma once

#include <array>
#include <string_view>

#include "mail/notice/reason.h"

namespace veredus::notice {

struct ReasonText {
  ReasonClass reason;
  std::string_view name;
  std::string_view cause;
  std::string_view remedy;
};

inline constexpr std::array kReasonTexts{
    ReasonText{ReasonClass::mailbox_unknown, "mailbox_unknown",
               "There is no mailbox with this address at the recipient's mail system.",
               "Check the address for typing errors, or ask the recipient for the right one by "
               "other means."},
    ReasonText{ReasonClass::mailbox_full, "mailbox_full",
               "The recipient's mailbox is full and takes no more mail.",
               "Tell the recipient by other means, and send the message again when there is room."},
    ReasonText{ReasonClass::mailbox_disabled, "mailbox_disabled",
               "The recipient's mailbox is switched off, has moved, or does not take mail from "
               "you.",
               "Ask the recipient for an address that is in use."},
    ReasonText{ReasonClass::refused_by_policy, "refused_by_policy",
               "The recipient's mail system refused the message because of its content or because "
               "of a rule of its own. It may have taken it for unwanted mail.",
               "Send it again in other words, without attachments and with fewer links, or ask the "
               "recipient to have your address allowed."},
    ReasonText{ReasonClass::blocked_reputation, "blocked_reputation",
               "The recipient's mail system does not take mail from our mail server at present, "
               "because the server or your domain is on a list of senders of unwanted mail. This "
               "need not be your doing.",
               "Pass this notice on to your postmaster, who can have the block looked into."},
    ReasonText{ReasonClass::sender_authentication, "sender_authentication",
               "The recipient's mail system could not make sure that the message comes from the "
               "domain of your address.",
               "Send your mail through the mail server of your domain. If you did, pass this "
               "notice on to your postmaster: the domain's SPF, DKIM, DMARC or DNS entries need "
               "attention."},
    ReasonText{ReasonClass::rate_limited, "rate_limited",
               "The recipient's mail system takes only so much mail at a time, or asked us to come "
               "back later.",
               "Wait a few hours and send the message again, to fewer recipients at a time."},
    ReasonText{ReasonClass::too_large, "too_large",
               "The message is larger than the recipient's mail system allows.",
               "Make the attachments smaller, send them in several messages, or send a link to "
               "where they can be fetched."},
    ReasonText{ReasonClass::too_many_recipients, "too_many_recipients",
               "The message has more recipients than the recipient's mail system allows.",
               "Send it again to fewer recipients at a time."},
    ReasonText{ReasonClass::tls_needed, "tls_needed",
               "The message may travel on encrypted connections only, and none could be had with "
               "the recipient's mail system.",
               "Pass this notice on to your postmaster."},
    ReasonText{ReasonClass::authentication_needed, "authentication_needed",
               "The mail server that was asked takes mail for this address only from people who "
               "have logged in, or does not take mail for it at all.",
               "Check what stands behind the @ in the address. If it is right, pass this notice on "
               "to your postmaster."},
    ReasonText{ReasonClass::dns_fault, "dns_fault",
               "The domain behind the @ in the address does not exist, accepts no mail, or does "
               "not say which server takes its mail.",
               "Check the domain for typing errors. If it is right, tell the recipient by other "
               "means that mail does not arrive there."},
    ReasonText{ReasonClass::host_unreachable, "host_unreachable",
               "The recipient's mail server could not be reached.",
               "Send the message again later, or tell the recipient by other means that the "
               "server does not answer."},
    ReasonText{ReasonClass::connection_lost, "connection_lost",
               "The connection to the recipient's mail server broke down, or the server did not "
               "answer in time.",
               "Send the message again later. If that fails too, try it without large "
               "attachments."},
    ReasonText{ReasonClass::mail_loop, "mail_loop",
               "The message went round in a circle: mail servers forward mail for this address to "
               "each other.",
               "Tell the recipient by other means that the forwarding of the address is wrong."},
    ReasonText{ReasonClass::protocol_error, "protocol_error",
               "The recipient's mail server did not accept how the address or the message was "
               "written.",
               "Check the address for characters that do not belong there. If it is right, pass "
               "this notice on to your postmaster."},
    ReasonText{ReasonClass::remote_trouble, "remote_trouble",
               "The recipient's mail system has trouble of its own at present.",
               "Send the message again later. If that fails too, tell the recipient by other "
               "means."},
    ReasonText{ReasonClass::expired, "expired",
               "The message could not be delivered in the time allowed for it.",
               "Send it again later, or tell the recipient by other means."},
    ReasonText{ReasonClass::encoding, "encoding",
               "The recipient's mail system cannot take messages or addresses with the characters "
               "that this one has.",
               "Send the message again with letters of the English alphabet only in the addresses "
               "and the subject, and with attachments instead of special formats."},
    ReasonText{ReasonClass::unknown, "unknown",
               "The recipient's mail system did not take the message; why is known only as far as "
               "it is told below.",
               "If what is told below does not help, pass this notice on to your postmaster."},
};
static_assert(kReasonTexts.size() == kReasonClassCount);

}  // namespace veredus::notice
