#include "main/sendmail/run.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <string>
#include <utility>

#include <sysexits.h>

#include "base/log.h"
#include "base/utf8.h"
#include "io/account_name.h"
#include "io/process.h"
#include "io/production.h"
#include "io/standard_streams.h"
#include "io/wait_for.h"
#include "mail/accept/drop_folder.h"
#include "main/config/load.h"
#include "main/sendmail/hand_over.h"
#include "main/sendmail/message.h"
#include "wire/smtp/reply.h"

namespace veredus::sendmail {
namespace {

constexpr const char* kDefaultConfiguration = "/etc/veredus/veredus.toml";
constexpr const char* kVariable = "VEREDUS_CONFIG";

constexpr std::string_view kHelp =
    R"(Hands in a message as sendmail(1) does: sendmail [OPTIONS] [RECIPIENT...] < message

  -t              take the recipients from To, Cc and Bcc (besides those named here)
  -i, -oi         a line of a single dot does not end the message
  -f ADDRESS      the sender (also -r); "<>" for none. Default: this user
  -F NAME         the sender's full name, for a From that is missing
  -N LIST         report on never, or on success,failure,delay
  -R full|hdrs    how much of the message a report returns
  -V ID           the envelope's id, for reports
  -v              show the dialogue with the server
  -bs             speak SMTP on standard input and output
  -bp, -q         the queue, as mailq; try everything in it now
  -bi, -I         as newaliases, which is not needed here
  -C, --config FILE   the configuration of veredus; --dev: that of veredus serve --dev

Missing Date, Message-ID and From are added; Bcc is taken away. While no server runs the message waits in
the drop folder. Exit codes are those of sysexits.h. Options that have no meaning here are ignored:
-A -B -d -e -G -h -L -m -n -p -U -X, -o and -O but for -oi.
)";

int complain(int status, const std::string& text) {
  std::cerr << "sendmail: " << readable(text, 1000) << '\n';
  return status;
}

/// Who may not read it uses the defaults, as the server does that has none.
Result<config::Config> load_configuration(const Options& options) {
  if (options.development) {
    auto loaded = config::load_development();
    if (!loaded) return fail(loaded.error());
    return std::move(loaded->config);
  }
  const std::string variable = io::environment_variable(kVariable);
  const bool is_named = !options.configuration.empty() || !variable.empty();
  std::string path = kDefaultConfiguration;
  if (!options.configuration.empty())
    path = options.configuration;
  else if (!variable.empty())
    path = variable;
  auto config = config::load_unchecked(path);
  if (!config && !is_named && config.error().fault() == Fault::unavailable)
    config = config::Config();
  if (config && config->hostname.empty()) config->hostname = io::host_name();
  return config;
}

Circumstances circumstances(const config::Config& config, io::Random& random) {
  const io::AccountName caller = io::calling_account();
  return {.login = caller.login,
          .full_name = caller.full_name,
          .hostname = config.hostname,
          .domain = config.sendmail.domain.empty() ? config.hostname : config.sendmail.domain,
          .time = std::chrono::system_clock::now(),
          .random = random.next()};
}

void show_line(bool from_us, std::string_view line) {
  std::cout << (from_us ? ">>> " : "") << line << std::endl;
}

/// The exit code that says what a reply such as "550 5.1.1 ..." does (RFC 3463 §3).
int status_of(std::string_view reply) {
  reply.remove_prefix(std::min(reply.size(), reply.find(' ') + 1));
  const auto status = smtp::EnhancedStatus::parse(reply.substr(0, reply.find(' ')));
  if (!status) return EX_UNAVAILABLE;
  if (status->subject() == 1) return EX_NOUSER;
  if (status->subject() == 6 || *status == smtp::EnhancedStatus(5, 3, 4)) return EX_DATAERR;
  return status->subject() == 7 ? EX_NOPERM : EX_UNAVAILABLE;
}

int tell_refusals(const HandOver& result, std::size_t recipients) {
  if (!result.message_refusal.empty())
    return complain(status_of(result.message_refusal),
                    "the server refused the message: " + result.message_refusal);
  int status = EX_OK;
  for (const send::Refusal& refusal : result.refused)
    status = complain(status_of(refusal.reply), '<' + refusal.recipient + ">: " + refusal.reply);
  if (!result.refused.empty() && result.refused.size() < recipients)
    std::cerr << "sendmail: the other recipients get the message\n";
  return status;
}

/// For what the server did not take.
int leave(const config::Config& config, const Submission& submission, const HandOver& result,
          const Wishes& wishes, io::Random& random) {
  if (const auto flaw = accept::message_flaw(submission.message, config.accept))
    return complain(EX_DATAERR, *flaw);
  const Result<> left =
      leave_in_folder(config.drop_folder(), submission, result.left, wishes, random);
  if (left) return EX_OK;
  const int status = left.error().fault() == Fault::refused ? EX_NOPERM : EX_TEMPFAIL;
  return complain(status, "the server does not take mail now (" + result.reason +
                              "), and the message cannot wait for it: " + left.error().text());
}

int hand_over(const config::Config& config, const Options& options, const Submission& submission) {
  log::set_level(log::Level::error);
  auto production = io::Production::make({.reactors = 1, .workers = 1, .dns = {}});
  if (!production) return complain(EX_OSERR, production.error().text());
  const io::System system = (*production)->system();
  const Wishes wishes = wishes_of(options);
  const send::ShowLine show = options.verbose ? send::ShowLine(show_line) : send::ShowLine();
  const HandOver result = io::wait_for(
      *system.reactors.front(),
      hand_to_server(system.network, config.submission_socket(), submission, wishes, show));
  if (options.verbose && !result.left.empty())
    std::cout << "Left for the server in " << config.drop_folder() << ": " << result.reason
              << std::endl;
  const int refused = tell_refusals(result, submission.recipients.size());
  if (result.left.empty()) return refused;
  const int left = leave(config, submission, result, wishes, system.random);
  return left == EX_OK ? refused : left;
}

}  // namespace

int hand_in(const Options& options) {
  const auto config = load_configuration(options);
  if (!config) return complain(EX_CONFIG, config.error().text());
  const auto message = read_message(std::cin, options.dot_ends, config->accept.message_bytes_max);
  if (!message) return complain(message.error().status, message.error().text);
  io::KernelRandom random;
  const auto submission = make_submission(options, circumstances(*config, random), *message);
  if (!submission) return complain(submission.error().status, submission.error().text);
  return hand_over(*config, options, *submission);
}

int speak_smtp(const Options& options) {
  const auto config = load_configuration(options);
  if (!config) return complain(EX_CONFIG, config.error().text());
  const Result<> joined = io::join_standard_streams(config->submission_socket());
  if (joined) return EX_OK;
  // Whoever speaks SMTP reads replies, not standard error.
  std::cout << "421 4.3.2 The mail server does not run\r\n" << std::flush;
  return complain(joined.error().fault() == Fault::refused ? EX_NOPERM : EX_TEMPFAIL,
                  joined.error().text());
}

int print_help() {
  std::cout << kHelp;
  return EX_OK;
}

}  // namespace veredus::sendmail
