#include "main/commands/directory_options.h"

#include <iostream>

#include <boost/json/serialize.hpp>

#include "main/commands/queue_text.h"

namespace veredus::commands {

int request(const QueueOptions& options, const boost::json::object& request, const Tell& tell) {
  const auto print = [&](const std::string& line) {
    std::cout << (options.json ? line + '\n' : tell(parse_line(line)));
  };
  return options.ask({.request = boost::json::serialize(request), .line = print});
}

Command::Option argument(const std::string& name, const std::string& value,
                         const std::string& description) {
  return {.names = name, .value = value, .description = description, .required = true};
}

}  // namespace veredus::commands
