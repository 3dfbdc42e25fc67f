#include <iostream>
#include <memory>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/amount.h"
#include "mail/manage/words.h"
#include "main/commands/command.h"
#include "main/commands/queue_options.h"
#include "main/commands/trace_text.h"

namespace veredus::commands {
namespace {

namespace json = boost::json;

struct TraceOptions {
  QueueOptions common;
  std::string subject;
  std::string since;
};

int trace(const TraceOptions& options) {
  const bool is_id = parse_queue_id(options.subject).has_value();
  if (!is_id && !options.subject.contains('@'))
    return complain(
        Error(Fault::malformed, options.subject + " is neither a queue id (13 letters and digits), "
                                                  "nor an address, nor a Message-ID"),
        kWrongUse);
  if (const auto since = parse_duration(options.since); !options.since.empty() && !since)
    return complain(Error(Fault::malformed, "--since: " + since.error().text()), kWrongUse);
  std::uint64_t count = 0;
  const auto print = [&](const std::string& line) {
    if (options.common.json)
      std::cout << line << '\n';
    else
      std::cout << (count == 0 ? "" : "\n") << story_entry(line);
    ++count;
  };
  const json::object request{
      {"request", "trace"}, {"subject", options.subject}, {"since", options.since}};
  const int status = options.common.ask({.request = json::serialize(request), .line = print});
  if (status != kDone || count > 0) return status;
  return complain(Error(Fault::refused, "nothing is known of " + options.subject +
                                            ": it never was here, or its story is older than what "
                                            "is kept"),
                  kFailed);
}

}  // namespace

void add_trace(const Command& program) {
  const auto options = std::make_shared<TraceOptions>();
  const Command command = program.add("trace", "A message's whole story, as a timeline");
  command.option({.names = "subject",
                  .value = "ID|ADDRESS|MESSAGE-ID",
                  .description = "A queue id, a sender's or recipient's address, or a Message-ID",
                  .required = true},
                 options->subject);
  command.option({.names = "--since",
                  .value = "AGE",
                  .description = "Messages accepted in the last 2h, 3d; default: all that is kept"},
                 options->since);
  options->common.add_to(command);
  command.footer("Example:  veredus trace you@far.example --since 2d");
  command.run([options] { return trace(*options); });
}

}  // namespace veredus::commands
