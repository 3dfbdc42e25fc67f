// Command lines with their arguments and parameters: what we accept, we can say again and read
// back the same.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/smtp/chars.h"
#include "wire/smtp/command.h"

namespace {

using namespace veredus::smtp;

constexpr ExtensionSet kAll{Extension::size,        Extension::eight_bit_mime,
                            Extension::binary_mime, Extension::smtputf8,
                            Extension::dsn,         Extension::auth};

void check_mail(std::string_view args) {
  const auto mail = parse_mail(args);
  if (!mail) return;
  const std::string canonical = "FROM:" + mail->path.text() + render(mail->params);
  const auto again = parse_mail(canonical);
  if (!again || again->path != mail->path || again->params != mail->params) std::abort();
  const auto params = read_mail_params(mail->params, kAll);
  if (!params) return;
  const auto reread = read_mail_params(write_params(*params), kAll);
  if (reread && *reread != *params) std::abort();
}

void check_rcpt(std::string_view args) {
  const auto rcpt = parse_rcpt(args, {.utf8_local_part = true});
  if (!rcpt) return;
  const std::string canonical = "TO:" + rcpt->path.text() + render(rcpt->params);
  const auto again = parse_rcpt(canonical, {.utf8_local_part = true});
  if (!again || again->path != rcpt->path || again->params != rcpt->params) std::abort();
  const auto params = read_rcpt_params(rcpt->params, kAll);
  if (!params) return;
  const auto reread = read_rcpt_params(write_params(*params), kAll);
  if (reread && *reread != *params) std::abort();
}

void check_helo(std::string_view args) {
  const auto helo = parse_helo(args);
  if (!helo) return;
  for (const char c : helo->text)
    if (is(kControl, c) || c == ' ') std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  (void)looks_like_http(line);
  const Command command = parse_command(line);
  switch (command.verb) {
    case Verb::mail:
      check_mail(command.args);
      break;
    case Verb::rcpt:
      check_rcpt(command.args);
      break;
    case Verb::bdat:
      (void)parse_bdat(command.args);
      break;
    case Verb::auth:
      (void)parse_auth(command.args);
      break;
    case Verb::unknown:
      if (command.reason.empty()) std::abort();
      break;
    default:
      check_helo(command.args);
  }
  return 0;
}
