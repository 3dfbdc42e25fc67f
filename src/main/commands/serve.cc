#include <iostream>
#include <string>
#include <utility>

#include "base/log.h"
#include "main/commands/command.h"
#include "main/commands/configuration.h"
#include "main/commands/program.h"
#include "main/service/prepare.h"
#include "main/service/service.h"

namespace veredus::commands {
namespace {

constexpr std::string_view kTour = R"(
Veredus takes mail for you@example.test on 127.0.0.1:2525. All it keeps is in run/.

In another terminal, type:

  {0} send --dev --to you@example.test
  cat run/mail/example.test/you/new/*
  {0} queue list --dev

The same with other programs:

  swaks --server 127.0.0.1:2525 --to you@example.test
  telnet 127.0.0.1 2525

Sending as an account, with TLS and a password:

  swaks --server 127.0.0.1:2587 -tls --auth-user you@example.test --auth-password try-veredus \
    --from you@example.test --to you@example.test

Mail for other domains goes to their MX; `queue list` says what became of it. Ctrl-C stops.
Below is the log.

)";

void print_tour() {
  std::string text(kTour);
  for (auto at = text.find("{0}"); at != std::string::npos; at = text.find("{0}"))
    text.replace(at, 3, program_name());
  std::cout << text << std::flush;
}

int serve(const ConfigurationOptions& options) {
  auto loaded = options.load();
  if (!loaded) return complain(loaded.error(), kConfiguration);
  // Before the first thread, and logging has one.
  auto prepared = prepare(*loaded);
  if (!prepared) return complain(prepared.error(), kFailed);
  const Result<> logging = log::start(loaded->config.log);
  if (!logging) return complain(logging.error(), kFailed);
  {
    const auto service = Service::start(std::move(*loaded), std::move(*prepared));
    if (!service) {
      log::stop();
      return complain(service.error(), kFailed);
    }
    if (options.is_development()) print_tour();
    (*service)->wait();
  }
  log::stop();
  return kDone;
}

}  // namespace

void add_serve(const Command& program) {
  const Command command = program.add("serve", "Run the mail server until it is told to stop");
  command.footer(
      "SIGTERM or Ctrl-C stops it: sessions finish their command, which takes at most 30 s; a\n"
      "second one stops it at once. Nothing is lost either way. SIGHUP reads the configuration\n"
      "again.");
  auto options = std::make_shared<ConfigurationOptions>();
  options->add_to(command);
  command.run([options] { return serve(*options); });
}

}  // namespace veredus::commands
