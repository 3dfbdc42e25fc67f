#include "wire/mime/address_list.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "wire/mime/encoded_word.h"
#include "wire/mime/lexer.h"

namespace veredus::mime {
namespace {

constexpr bool is_atext(char c) noexcept {
  constexpr std::string_view kOthers = "!#$%&'*+-/=?^_`{|}~";
  return is_alpha(c) || is_digit(c) || static_cast<unsigned char>(c) > 0x7F || kOthers.contains(c);
}

/// dot-atom-text of RFC 5322 §3.2.3, RFC 6532 §3.2.
bool is_dot_atom(std::string_view text) noexcept {
  return !text.empty() && text.front() != '.' && text.back() != '.' && !text.contains("..") &&
         std::ranges::all_of(text, [](char c) { return c == '.' || is_atext(c); });
}

std::string shown(std::string_view phrase) { return decode_words(phrase); }

/// Reads one list; an object per list.
class Reader {
 public:
  Reader(std::string_view body, std::size_t mailboxes_max)
      : in_(body), mailboxes_left_(mailboxes_max) {}

  AddressList read() {
    while (step()) continue;
    end_element();
    if (in_group_ || !in_.sound()) list_.well_formed = false;
    return std::move(list_);
  }

 private:
  /// One comma-separated element as far as it was read.
  struct Element {
    std::string phrase;           ///< All words, as a display name would have them.
    std::size_t local_begin = 0;  ///< Where in `phrase` the words of `local` begin.
    std::string local;            ///< The last words that could be a local part.
    std::string comments;
    std::optional<Mailbox> mailbox;  ///< From "@" or "<>".
    bool is_angle = false;
  };

  bool step() {
    const bool spaced = in_.skip_cfws(&element_.comments);
    if (in_.done()) return false;
    switch (in_.peek()) {
      case ',':
        in_.eat(',');
        end_element();
        break;
      case ';':
        in_.eat(';');
        end_group();
        break;
      case ':':
        in_.eat(':');
        begin_group();
        break;
      case '<':
        in_.eat('<');
        read_angle();
        break;
      case '@':
        in_.eat('@');
        read_bare_domain();
        break;
      default:
        read_word(spaced);
    }
    return true;
  }

  void read_word(bool spaced) {
    const bool is_quoted = in_.peek() == '"';
    std::string word = is_quoted ? in_.take_quoted() : std::string(in_.take_until("(),:;<>@\""));
    if (word.empty() && !is_quoted) {  // A ">" or ")" with nothing to close.
      list_.well_formed = false;
      in_.eat(in_.peek());
      return;
    }
    Element& e = element_;
    const bool joins = e.local.ends_with('.') || word.starts_with('.');
    const std::size_t before = e.phrase.size();
    if (spaced && !e.phrase.empty()) e.phrase += ' ';
    e.phrase += word;
    if (spaced && !joins) {
      e.local.clear();
      e.local_begin = before;
    }
    e.local += word;
  }

  std::string take_domain() {
    std::string domain;
    while (true) {
      in_.skip_cfws(&element_.comments);
      if (in_.peek() == '[') {
        domain += take_literal();
      } else if (domain.empty() || domain.ends_with('.') || in_.peek() == '.') {
        const std::string_view atom = in_.take_until("(),:;<>@\"[");
        if (atom.empty()) return domain;
        domain += atom;
      } else {
        return domain;
      }
    }
  }

  std::string take_literal() {
    std::string literal;
    while (!in_.done() && !literal.ends_with(']')) {
      in_.skip_space();
      literal += in_.take_until("],<>");
      if (in_.eat(']')) {
        literal += ']';
      } else if (in_.peek() == ',' || in_.peek() == '<' || in_.peek() == '>') {
        break;
      }
    }
    return literal;
  }

  void read_bare_domain() {
    Element& e = element_;
    const std::string domain = take_domain();
    if (!e.mailbox && !e.local.empty() && !domain.empty()) {
      Mailbox mailbox;
      mailbox.name = trim(std::string_view(e.phrase).substr(0, e.local_begin));
      mailbox.local_part = e.local;
      mailbox.domain = domain;
      e.mailbox = std::move(mailbox);
    } else {
      list_.well_formed = false;
    }
    e.phrase += '@';
    e.phrase += domain;
    e.local.clear();
    e.local_begin = e.phrase.size();
  }

  /// Behind "<".
  ///
  ///   angle-addr = [CFWS] "<" [obs-route] addr-spec ">" [CFWS]        (RFC 5322 §3.4, §4.4)
  void read_angle() {
    Element& e = element_;
    if (e.is_angle) list_.well_formed = false;
    skip_route();
    Mailbox mailbox;
    bool has_at = false;
    while (true) {
      in_.skip_cfws(&e.comments);
      if (in_.done() || in_.peek() == '>') break;
      if (in_.eat('@')) {
        if (has_at) {
          mailbox.local_part += '@' + mailbox.domain;
          list_.well_formed = false;
        }
        has_at = true;
        mailbox.domain.clear();
      } else if (has_at) {
        mailbox.domain += in_.peek() == '[' ? take_literal() : take_some(">@([");
      } else {
        mailbox.local_part += in_.peek() == '"' ? in_.take_quoted() : take_some(">@(\"");
      }
    }
    if (!in_.eat('>')) list_.well_formed = false;
    e.mailbox = std::move(mailbox);
    e.is_angle = true;
  }

  /// At least one octet, up to one of `stops`.
  std::string take_some(std::string_view stops) {
    std::string text(in_.take_until(stops));
    if (!text.empty()) return text;
    text = in_.peek();
    in_.eat(in_.peek());
    return text;
  }

  /// "@a.example,@b.example:" says by which way; nobody honours it (RFC 5321 §C).
  void skip_route() {
    in_.skip_cfws(&element_.comments);
    if (in_.peek() != '@') return;
    const std::string_view rest = in_.rest();
    const std::size_t end = rest.find_first_of(":>");
    if (end != std::string_view::npos && rest[end] == ':') in_.go_to(in_.position() + end + 1);
  }

  void begin_group() {
    Element& e = element_;
    if (in_group_ || e.mailbox) list_.well_formed = false;
    std::string name = e.phrase.empty() ? e.comments : e.phrase;
    list_.groups.push_back({shown(name), {}});
    in_group_ = true;
    element_ = {};
  }

  void end_group() {
    end_element();
    if (!in_group_) list_.well_formed = false;
    in_group_ = false;
  }

  void end_element() {
    Element e = std::exchange(element_, {});
    if (!e.mailbox && e.phrase.empty()) return;  // Empty list elements are allowed (§4.4).
    if (!e.mailbox) {
      e.mailbox = Mailbox{{}, std::exchange(e.phrase, {}), {}};
    } else if (!e.is_angle) {
      // Words behind a bare address are no part of it.
      if (e.local_begin != e.phrase.size()) list_.well_formed = false;
      e.phrase = e.mailbox->name;
    }
    add(std::move(*e.mailbox), e.phrase.empty() ? e.comments : e.phrase);
  }

  void add(Mailbox mailbox, std::string_view name) {
    if (mailbox.local_part.empty() || mailbox.domain.empty()) list_.well_formed = false;
    if (mailbox.local_part.empty() && mailbox.domain.empty()) return;
    if (mailboxes_left_ == 0) {
      list_.well_formed = false;
      return;
    }
    --mailboxes_left_;
    mailbox.name = shown(name);
    if (!in_group_ && (list_.groups.empty() || list_.groups.back().name))
      list_.groups.emplace_back();
    list_.groups.back().mailboxes.push_back(std::move(mailbox));
  }

  Lexer in_;
  std::size_t mailboxes_left_;
  AddressList list_;
  Element element_;
  bool in_group_ = false;
};

}  // namespace

std::string Mailbox::address() const {
  std::string out;
  if (is_dot_atom(local_part)) {
    out = local_part;
  } else {
    out += '"';
    for (const char c : local_part) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  if (domain.empty()) return out;
  return out + '@' + domain;
}

std::vector<Mailbox> AddressList::mailboxes() const {
  std::vector<Mailbox> all;
  for (const AddressGroup& group : groups)
    all.insert(all.end(), group.mailboxes.begin(), group.mailboxes.end());
  return all;
}

AddressList parse_address_list(std::string_view body, std::size_t mailboxes_max) {
  return Reader(body, mailboxes_max).read();
}

}  // namespace veredus::mime
