// What status codes and words of replies mean: the built-in rules of Reasons.

#pragma once

#include <array>
#include <string_view>

#include "mail/notice/reason.h"

namespace veredus::notice {

/// How far a status code is to be believed. Servers use some for everything.
enum class Trust : unsigned char {
  sure,  ///< Means this, whatever the words are.
  weak,  ///< Only when the words say nothing.
};

/// Status codes class.subject.first to class.subject.last (RFC 3463, the IANA registry; three
/// digits of detail are Microsoft's own).
struct StatusRule {
  int subject;
  int first;
  int last;
  Trust trust;
  ReasonClass reason;
};

// clang-format off
inline constexpr std::array kStatusRules{
    StatusRule{1, 1, 1,     Trust::sure, ReasonClass::mailbox_unknown},
    StatusRule{1, 2, 2,     Trust::weak, ReasonClass::dns_fault},
    StatusRule{1, 3, 3,     Trust::sure, ReasonClass::protocol_error},
    StatusRule{1, 6, 6,     Trust::sure, ReasonClass::mailbox_disabled},
    StatusRule{1, 7, 7,     Trust::weak, ReasonClass::protocol_error},
    StatusRule{1, 8, 8,     Trust::weak, ReasonClass::sender_authentication},
    StatusRule{1, 90, 90,   Trust::sure, ReasonClass::rate_limited},
    StatusRule{1, 0, 999,   Trust::weak, ReasonClass::mailbox_unknown},
    StatusRule{2, 1, 1,     Trust::weak, ReasonClass::mailbox_disabled},
    StatusRule{2, 2, 2,     Trust::sure, ReasonClass::mailbox_full},
    StatusRule{2, 3, 3,     Trust::sure, ReasonClass::too_large},
    StatusRule{2, 121, 122, Trust::sure, ReasonClass::rate_limited},
    StatusRule{2, 0, 999,   Trust::weak, ReasonClass::mailbox_disabled},
    StatusRule{3, 4, 4,     Trust::sure, ReasonClass::too_large},
    StatusRule{3, 0, 999,   Trust::weak, ReasonClass::remote_trouble},
    StatusRule{4, 1, 1,     Trust::weak, ReasonClass::host_unreachable},
    StatusRule{4, 2, 2,     Trust::weak, ReasonClass::connection_lost},
    StatusRule{4, 3, 3,     Trust::sure, ReasonClass::dns_fault},
    StatusRule{4, 4, 4,     Trust::weak, ReasonClass::dns_fault},
    StatusRule{4, 5, 5,     Trust::weak, ReasonClass::remote_trouble},
    StatusRule{4, 6, 6,     Trust::sure, ReasonClass::mail_loop},
    StatusRule{4, 7, 7,     Trust::weak, ReasonClass::expired},
    StatusRule{4, 14, 14,   Trust::sure, ReasonClass::mail_loop},
    StatusRule{4, 310, 312, Trust::sure, ReasonClass::dns_fault},
    StatusRule{4, 300, 399, Trust::weak, ReasonClass::host_unreachable},
    StatusRule{4, 0, 999,   Trust::weak, ReasonClass::host_unreachable},
    StatusRule{5, 3, 3,     Trust::sure, ReasonClass::too_many_recipients},
    StatusRule{5, 0, 999,   Trust::weak, ReasonClass::protocol_error},
    StatusRule{6, 3, 3,     Trust::sure, ReasonClass::encoding},
    StatusRule{6, 7, 9,     Trust::sure, ReasonClass::encoding},
    StatusRule{6, 0, 999,   Trust::weak, ReasonClass::refused_by_policy},
    StatusRule{7, 8, 9,     Trust::sure, ReasonClass::authentication_needed},
    StatusRule{7, 10, 11,   Trust::sure, ReasonClass::tls_needed},
    StatusRule{7, 17, 18,   Trust::sure, ReasonClass::mailbox_disabled},
    StatusRule{7, 20, 27,   Trust::sure, ReasonClass::sender_authentication},
    StatusRule{7, 28, 28,   Trust::sure, ReasonClass::rate_limited},
    StatusRule{7, 29, 29,   Trust::sure, ReasonClass::sender_authentication},
    StatusRule{7, 30, 30,   Trust::sure, ReasonClass::tls_needed},
    StatusRule{7, 57, 57,   Trust::sure, ReasonClass::authentication_needed},
    StatusRule{7, 60, 60,   Trust::sure, ReasonClass::sender_authentication},
    StatusRule{7, 64, 64,   Trust::sure, ReasonClass::authentication_needed},
    StatusRule{7, 508, 508, Trust::sure, ReasonClass::rate_limited},
    StatusRule{7, 509, 509, Trust::sure, ReasonClass::sender_authentication},
    StatusRule{7, 515, 515, Trust::sure, ReasonClass::sender_authentication},
    StatusRule{7, 511, 512, Trust::weak, ReasonClass::blocked_reputation},
    StatusRule{7, 606, 649, Trust::sure, ReasonClass::blocked_reputation},
    StatusRule{7, 705, 705, Trust::sure, ReasonClass::rate_limited},
    StatusRule{7, 708, 708, Trust::sure, ReasonClass::blocked_reputation},
    StatusRule{7, 0, 999,   Trust::weak, ReasonClass::refused_by_policy},
};

/// Codes, when nothing else is known (RFC 5321 §4.2.2, RFC 4954 §6, RFC 7504).
struct CodeRule {
  int first;
  int last;
  ReasonClass reason;
};
inline constexpr std::array kCodeRules{
    CodeRule{421, 421, ReasonClass::remote_trouble},
    CodeRule{450, 450, ReasonClass::rate_limited},
    CodeRule{451, 451, ReasonClass::remote_trouble},
    CodeRule{452, 452, ReasonClass::remote_trouble},
    CodeRule{454, 454, ReasonClass::tls_needed},
    CodeRule{455, 455, ReasonClass::protocol_error},
    CodeRule{500, 504, ReasonClass::protocol_error},
    CodeRule{521, 521, ReasonClass::dns_fault},
    CodeRule{530, 530, ReasonClass::authentication_needed},
    CodeRule{534, 535, ReasonClass::authentication_needed},
    CodeRule{538, 538, ReasonClass::tls_needed},
    CodeRule{551, 551, ReasonClass::mailbox_disabled},
    CodeRule{552, 552, ReasonClass::mailbox_full},
    CodeRule{555, 555, ReasonClass::protocol_error},
    CodeRule{556, 556, ReasonClass::dns_fault},
};
// clang-format on

/// Words, the first rule that matches counts: what names one cause beyond doubt comes before what
/// servers also say in passing. RE2, whatever the case.
struct WordRule {
  ReasonClass reason;
  std::string_view pattern;
};

inline constexpr std::array kWordRules{
    WordRule{ReasonClass::mail_loop,
             R"(too many hops|hop count|mail loop|loops? back|routing loop|loop detected|)"
             R"(mail for .* comes back|forwarding loop|delivered-to .*already|looping)"},
    WordRule{ReasonClass::dns_fault,
             R"(null ?mx|rfc ?7505|accepts no mail|does not accept mail|no smtp service)"},
    WordRule{
        ReasonClass::tls_needed,
        R"(starttls|must use tls|tls (is )?(required|needed|version|session|handshake|connection)|)"
        R"(encryption (is )?(needed|required)|requiretls|secure connection|mta-sts|)"
        R"(certificate (verif|not trusted|has expired|mismatch)|\bdane\b|not offer(ing)? tls)"},
    WordRule{ReasonClass::encoding,
             R"(smtputf8|8bitmime|8-bit|7-bit|eight.?bit|binarymime|internationali[sz]ed|)"
             R"(non-ascii|bad (character|charset)|conversion (required|not supported))"},
    WordRule{ReasonClass::too_many_recipients,
             R"(too many (recipients|rcpt|addresses)|recipients? limit|recipients exceeded|)"
             R"(exceed(ed|s)? .*(number of recipients|recipient limit))"},
    WordRule{ReasonClass::too_large,
             R"(size (limit|exceed)|exceed\w* .{0,40}(size|length)|too (large|big|long)|)"
             R"((message|body|mail|file) (is )?(too|size)|maximum (message|mail)? ?(size|length)|)"
             R"(fixed maximum|larger than|oversize)"},
    WordRule{
        ReasonClass::mailbox_full,
        R"(over\s?quota|quota|(mail ?box|mail ?folder|inbox|account|store|directory)('s)? )"
        R"((\S+ )?(is |are )?(currently )?(full|over)|\bfull mailbox|out of (storage|space)|)"
        R"(exceeded (storage|the local limit)|exceeded the local limit|not enough (storage|space|disk)|)"
        R"(storage (allocation|limit)|insufficient (storage|disk|system storage)|no space left|)"
        R"(too many messages (in|on)|message count limit)"},
    WordRule{
        ReasonClass::authentication_needed,
        R"(relay(ing)? (access )?(denied|not (allowed|permitted)|is (denied|prohibited)|prohibited)|)"
        R"(unable to relay|not (permitted|allowed) to relay|no relaying|cannot relay|we do not relay|)"
        R"((not|n't) (in|on) (my|our) (list of allowed )?rcpthosts|isn't in my list of allowed|)"
        R"(authenticat\w+ (is )?(required|needed)|must (be )?authenticat|not authenticated|)"
        R"(please (log ?in|authenticate)|smtp.?auth|use the smtp server of your isp|)"
        R"(client was not authenticated|rejected relay|relay (attempt|not)|is not local)"},
    WordRule{
        ReasonClass::sender_authentication,
        R"(\bspf\b|\bdkim\b|\bdmarc\b|\bdomain ?keys\b|unauthenticated|authentication (checks?|fail)|)"
        R"(authenticat\w+ (results?|requirements)|sender.?id|purported|sender policy|)"
        R"(sender (address )?(verif\w+|could not be verified)|sender (address )?rejected|)"
        R"((cannot|can't|could not|unable to) (verify|resolve|find|determine) .{0,40}sender|)"
        R"(domain of sender|sender('s)? (address )?(domain|email)|invalid sender|bad sender|)"
        R"(sender (is )?(unknown|invalid|denied)|\bptr\b|reverse (dns|lookup|host|name)|\brdns\b|)"
        R"(cannot find your (reverse )?host|dns.?records? .{0,40}(valid|match)|(bad|invalid|rejected) (helo|ehlo)|(helo|ehlo) .{0,30}(reject|invalid|fqdn)|)"
        R"(no (host)?name for your|forged|spoof|impersonat|send mail as|not authorized to send|)"
        R"(designat\w+ as (a )?permitted|mismatch\w* client|from: domain is invalid)"},
    WordRule{
        ReasonClass::blocked_reputation,
        R"(block ?list|black ?list|\brbl\b|\bdnsbl\b|\bdnsrbl\b|spamhaus|spamcop|sorbs|barracuda|)"
        R"(\bcbl\b|\buribl\b|surbl|senderbase|proofpoint|cloudmark|invaluement|\bpbl\b|reputation|)"
        R"((client|host|ip|ip address|server|network).{0,60}\b)"
        R"((blocked|banned|listed|rejected due)|blocked (by|using|for|due|from)|)"
        R"(blocked .{0,20}(ip|host)|(messages|mail|email) from .{0,60}(weren't sent|not accepted|)"
        R"(temporarily deferred|refused|rejected|blocked)|(dynamic|residential|dial.?up|generic)[ -]|)"
        R"(bad (dns|ip|host) ?(ptr|name)?|poor|postmaster\.(live|comcast|aol|yahoo)|tss0\d|sc-00\d|)"
        R"(not? (allow|accept) .{0,40}(your|this) (ip|host|server|network)|access denied.{0,20}(ip|host)|)"
        R"(open (relay|proxy)|delist|suspicious .{0,20}(ip|host)|unsolicited mail originating)"},
    WordRule{
        ReasonClass::rate_limited,
        R"(gr[ae]y.?list|rate.?limit|too (many|much) (connections?|messages|mails?|emails?|requests|)"
        R"(sessions|concurrent|errors|unknown|invalid|failures|consecutive)|throttl|too (fast|frequent)|)"
        R"(try again in|(limit|quota|rate) .{0,40}exceed|exceed\w* .{0,60}(limit|rate|)"
        R"(connections|quota|messages)|slow down|unusual rate|sending (limit|rate)|come back later|)"
        R"(concurren|connection (limit|rate|frequency)|deferred due to|temporarily deferred|)"
        R"(please (retry|try) later|resources temporarily|postpone|daily|per (hour|day|minute))"},
    WordRule{
        ReasonClass::refused_by_policy,
        R"(spam|\bviru(s|ses)\b|malware|trojan|phish|malicious|\buce\b|unsolicited|junk|banned|)"
        R"(policy|policies|content (rejected|filter|not|reject|violat)|prohibited (attachment|file)|)"
        R"(attachment|rejected (by|for|due to|as) |(message|mail|delivery) .{0,30}(has been |was |is |)"
        R"()(rejected|refused|blocked|prohibited|rejete)|looks like|suspicious|blacklisted url|filter|)"
        R"(restricted|security|not (rfc|5322|2822)[- ]?(\d+ )?compliant|transaction failed|)"
        R"(header (is )?(missing|invalid|error)|missing .{0,20}header|media error|mail rejete|)"
        R"(administrative(ly)? (prohibit|den)|not accepted here|classified|unwanted)"},
    WordRule{
        ReasonClass::mailbox_disabled,
        R"(disabled|inactive|deactivated|suspended|(account|mailbox|user|address|email).{0,50}(expired|)"
        R"(closed|locked|terminated|retired|moved|no longer|discontinued|not active|on hold|frozen)|)"
        R"(has (been )?(moved|changed|left)|no longer (in use|valid|available|active|accept|with|on)|)"
        R"(not accepting (mail|messages)|(isn't|not) (currently )?(receiving|accepting) |not local; please try|)"
        R"(dormant|obsolete|delivery not authorized|restricted user|sender not in|not allowed to send)"},
    WordRule{ReasonClass::dns_fault,
             R"(host (or domain name )?not found|host unknown|unknown host|\bdomain \S+ (does not|)"
             R"(doesn't) exist|domain (name )?not found|nxdomain|no (such|valid|usable) (host|)"
             R"(domain|mx)|\bmx (records?|lookup|host)|no mail host)"},
    WordRule{
        ReasonClass::mailbox_unknown,
        R"((user|recipient|mailbox|account|address|alias|name|customer|subscriber|destination|member|mail ?box|)"
        R"(local.?part|addressee).{0,80}(unknown|not (be )?(found|exist|known|recogni|listed|valid|)"
        R"(local|here|a valid|in (our|local|virtual|relay)|available)|doesn'?t (exist|have)|does ?n[o']t exist|)"
        R"(invalid|no such|unavailable|unrouteable|undeliverable|couldn't be found|rejected|not our customer))"},
    WordRule{
        ReasonClass::mailbox_unknown,
        R"((unknown|no such|invalid|bad|unrouteable|nonexistent|non-existent|not a valid|no|unrecogni[sz]ed|)"
        R"(undeliverable|incorrect|illegal|not a known) ?(local |virtual |mail |email |recipient |destination |)"
        R"(e-?mail |system |valid )*(user|recipient|mailbox|account|address|alias|person|name|addressee|customer|)"
        R"(local-part|users?|subscriber|member)|recipnotfound|recipientnotfound|doesn't have an? .{0,60}account|)"
        R"(no mailbox (here|by)|not (our|a) (customer|known|valid)|vrfy|unknown in|delivery to .{0,60}not allowed|)"
        R"(may not exist|does not exist|is unknown|receiver not found|not known|here by that name|550 5\.1\.1|)"
        R"(access denied|verification failed|callout|all (relevant )?recipients|this user)"},
    WordRule{
        ReasonClass::dns_fault,
        R"(host (or domain name )?not found|host unknown|unknown host|domain .{0,80}(not (found|exist)|)"
        R"(doesn'?t exist|does not exist|no longer|unknown)|no (such|valid|usable) (host|domain|mx)|)"
        R"(name (service|server) (error|failure|timeout)|nxdomain|dns (error|fail|lookup|server|timeout|)"
        R"(loop|query)|unrouteable (mail )?domain|unable to route|no route (for|found)|bad destination (system|host)|)"
        R"(lookup (failed|failure)|cannot resolve|could not resolve|invalid domain|gateway|no mail host)"},
    WordRule{
        ReasonClass::host_unreachable,
        R"(connection refused|no route to host|(network|host|server) (is )?(unreachable|not reachable|down)|)"
        R"((unable|wasn't able|not able|could ?n[o']t|cannot|failed|can't) (to )?(establish|open|connect|make)|)"
        R"(did not accept our requests to connect|socket error|connect(ion)? (to .{0,80})?(failed|error)|)"
        R"(not responding|all hosts|all addresses|host not reachable|not (available|reachable)|unreachable)"},
    WordRule{
        ReasonClass::connection_lost,
        R"(time(d)?[- ]?out|lost connection|connection (was )?(lost|reset|closed|dropped|died|broken|abort)|)"
        R"((dropped|closed|broke|lost|cut) .{0,40}connection|broken pipe|unexpected(ly)? (clos|disconnect|eof)|)"
        R"(conversation with .{0,80}|hang ?up|no answer|did not answer|connection cut)"},
    WordRule{
        ReasonClass::expired,
        R"(expired|too long|(been )?in the queue|could not (be )?deliver(ed)? (for|within|in)|not delivered within|)"
        R"(retry (timeout|time)|timeout exceeded|giving up|multiple retries|unable to deliver in|attempts)"},
    WordRule{
        ReasonClass::remote_trouble,
        R"(local (error|problem|configuration)|internal (server |system |software )?error|system (error|)"
        R"(trouble|problem|resource|storage|not)|temporar(y|ily)|service (is )?(not available|unavailable|)"
        R"(currently|shutting)|server (error|busy|configuration|unavailable|too busy|internal)|out of memory|)"
        R"(disk|i/o|input/output|mailer|misconfig|configuration|maintenance|overload|too busy|database|)"
        R"(unavailable|queue file|can(no|')t (create|open|write)|unable to (accept|process|complete|deliver)|)"
        R"(shutting down|try again|proxy|backend|not accepting network|resources?)"},
    WordRule{
        ReasonClass::protocol_error,
        R"(syntax|protocol|bad sequence|bad command|command (not|unrecogni)|unrecogni[sz]ed|not (implemented|)"
        R"(supported|recogni)|unexpected command|out of (order|sequence)|need (mail|rcpt)|no recipients|)"
        R"(valid rcpt|bare (lf|cr|newline)|malformed|parameter|line (too long|length)|invalid (command|)"
        R"(argument|response|reply|data))"},
    WordRule{
        ReasonClass::refused_by_policy,
        R"(rejected|refused|denied|not (allowed|permitted|accepted|authori[sz]ed)|unacceptable|prohibit|)"
        R"(forbidden|blocked|declined|violation|cannot be accepted|did not like)"},
};

}  // namespace veredus::notice
