#include "main/sendmail/options.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"

namespace veredus::sendmail {
namespace {

/// How an option brings its value.
enum class Value : std::uint8_t {
  none,
  needed,    ///< The rest of its word, or the next word.
  attached,  ///< The rest of its word, which may be empty.
};

struct Known {
  char letter;
  Value value;
};

// clang-format off
constexpr std::array kKnown{
    Known{'A', Value::needed},   Known{'B', Value::needed},   Known{'C', Value::needed},
    Known{'F', Value::needed},   Known{'G', Value::none},     Known{'I', Value::none},
    Known{'L', Value::needed},   Known{'N', Value::needed},   Known{'O', Value::needed},
    Known{'R', Value::needed},   Known{'U', Value::none},     Known{'V', Value::needed},
    Known{'X', Value::needed},   Known{'b', Value::needed},   Known{'d', Value::attached},
    Known{'e', Value::attached}, Known{'f', Value::needed},   Known{'h', Value::needed},
    Known{'i', Value::none},     Known{'m', Value::none},     Known{'n', Value::none},
    Known{'o', Value::needed},   Known{'p', Value::needed},   Known{'q', Value::attached},
    Known{'r', Value::needed},   Known{'t', Value::none},     Known{'v', Value::none},
};
// clang-format on

using Complaint = std::optional<std::string>;

Complaint set_mode(std::string_view value, Options& options) {
  switch (value.empty() ? '\0' : value.front()) {
    case 'm':
    case 'a':
      options.mode = Mode::message;
      return std::nullopt;
    case 's':
      options.mode = Mode::smtp;
      return std::nullopt;
    case 'p':
      options.mode = Mode::print_queue;
      return std::nullopt;
    case 'i':
      options.mode = Mode::new_aliases;
      return std::nullopt;
    case 'd':
    case 'D':
    case 'l':
      return "-b" + std::string(value) +
             ": the server is started by `veredus serve`, not by this name";
    default:
      return "-b" + printable(value, 20) +
             ": there is no such mode here; -bm, -bs, -bp and -bi there are";
  }
}

/// RFC 3461 §4.1.
Complaint set_notify(std::string_view value, Options& options) {
  smtp::Notify notify;
  if (!iequals(value, "never"))
    for (std::string_view rest = value;;) {
      const std::size_t comma = rest.find(',');
      const std::string_view word = trim(rest.substr(0, comma));
      if (iequals(word, "success"))
        notify.success = true;
      else if (iequals(word, "failure"))
        notify.failure = true;
      else if (iequals(word, "delay"))
        notify.delay = true;
      else
        return "-N " + printable(value) + ": write never, or some of success,failure,delay";
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  options.notify = notify;
  return std::nullopt;
}

Complaint set_ret(std::string_view value, Options& options) {
  if (iequals(value, "full"))
    options.ret = smtp::Ret::full;
  else if (iequals(value, "hdrs"))
    options.ret = smtp::Ret::headers;
  else
    return "-R " + printable(value) + ": write full or hdrs";
  return std::nullopt;
}

/// RFC 3461 §4.4: printable octets, no more than 100 of them.
Complaint set_envid(std::string_view value, Options& options) {
  constexpr std::size_t kOctetsMax = 100;
  const bool is_good = !value.empty() && value.size() <= kOctetsMax &&
                       std::ranges::all_of(value, [](char c) { return c > ' ' && c < '\x7F'; });
  if (!is_good)
    return "-V " + printable(value) + ": an envelope id is 1 to 100 printable characters";
  options.envid = value;
  return std::nullopt;
}

/// What the content is, is seen from the content.
Complaint check_body(std::string_view value) {
  if (iequals(value, "7bit") || iequals(value, "8bitmime")) return std::nullopt;
  return "-B " + printable(value) + ": write 7BIT or 8BITMIME";
}

/// -o with its letter and value, or -O with its long name.
void set_configuration_option(char letter, std::string_view value, Options& options) {
  const bool ignores_dots =
      letter == 'o' ? value.starts_with('i')
                    : istarts_with(trim(value), "IgnoreDots") && !iends_with(value, "=false");
  if (ignores_dots) options.dot_ends = false;
}

/// Options that say something about the message or its envelope.
Complaint set_of_message(char letter, std::string_view value, Options& options) {
  switch (letter) {
    case 'f':
    case 'r':
      options.sender = value;
      return std::nullopt;
    case 'F':
      options.full_name = value;
      return std::nullopt;
    case 'N':
      return set_notify(value, options);
    case 'R':
      return set_ret(value, options);
    case 'V':
      return set_envid(value, options);
    case 'B':
      return check_body(value);
    default:
      return std::nullopt;  // One that is ignored.
  }
}

Complaint set(char letter, std::string_view value, Options& options) {
  switch (letter) {
    case 'b':
      return set_mode(value, options);
    case 'q':
      options.mode = Mode::retry;
      return std::nullopt;
    case 'I':
      options.mode = Mode::new_aliases;
      return std::nullopt;
    case 't':
      options.recipients_from_header = true;
      return std::nullopt;
    case 'i':
      options.dot_ends = false;
      return std::nullopt;
    case 'v':
      options.verbose = true;
      return std::nullopt;
    case 'C':
      options.configuration = value;
      return std::nullopt;
    case 'o':
    case 'O':
      set_configuration_option(letter, value, options);
      return std::nullopt;
    default:
      return set_of_message(letter, value, options);
  }
}

/// The words of the command line, one after the other.
class Words {
 public:
  explicit Words(std::span<const char* const> words) : rest_(words) {}
  bool done() const noexcept { return rest_.empty(); }
  std::string_view next() {
    const std::string_view word = rest_.front();
    rest_ = rest_.subspan(1);
    return word;
  }

 private:
  std::span<const char* const> rest_;
};

/// A word that begins with one dash: any number of options, the last perhaps with a value.
Complaint take_bundle(std::string_view letters, Words& words, Options& options) {
  while (!letters.empty()) {
    const char letter = letters.front();
    letters.remove_prefix(1);
    const auto* const known = std::ranges::find(kKnown, letter, &Known::letter);
    if (known == kKnown.end())
      return "-" + printable({&letter, 1}) +
             ": there is no such option; see veredus sendmail --help";
    std::string_view value;
    if (known->value != Value::none) {
      value = letters;
      letters = {};
    }
    if (known->value == Value::needed && value.empty()) {
      if (words.done()) return "-" + std::string(1, letter) + ": its value is missing";
      value = words.next();
    }
    if (auto complaint = set(letter, value, options)) return complaint;
  }
  return std::nullopt;
}

/// A word that begins with two.
Complaint take_long(std::string_view name, Words& words, Options& options) {
  if (name == "help") {
    options.mode = Mode::help;
  } else if (name == "dev") {
    options.development = true;
  } else if (name == "config" && !words.done()) {
    options.configuration = words.next();
  } else {
    return "--" + printable(name) + ": there is no such option; see veredus sendmail --help";
  }
  return std::nullopt;
}

}  // namespace

std::expected<Options, std::string> parse_options(std::span<const char* const> arguments) {
  Options options;
  Words words(arguments);
  bool only_recipients = false;
  while (!words.done()) {
    const std::string_view word = words.next();
    Complaint complaint;
    if (only_recipients || !word.starts_with('-'))
      options.recipients.emplace_back(word);
    else if (word == "--")
      only_recipients = true;
    else if (word.starts_with("--"))
      complaint = take_long(word.substr(2), words, options);
    else if (word == "-")
      complaint = "-: write a recipient, or an option";
    else
      complaint = take_bundle(word.substr(1), words, options);
    if (complaint) return std::unexpected(std::move(*complaint));
  }
  return options;
}

}  // namespace veredus::sendmail
