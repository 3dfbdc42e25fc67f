// What the commands about domains, accounts and aliases share.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/json/object.hpp>

#include "main/commands/command.h"
#include "main/commands/queue_options.h"

namespace veredus::commands {

/// How an answer's object is told to a person.
using Tell = std::function<std::string(const boost::json::object&)>;

/// Sends the request; prints what `tell` makes of each object, or with --json the object. Returns
/// the exit code.
int request(const QueueOptions& options, const boost::json::object& request, const Tell& tell);

/// An argument that must be there.
Command::Option argument(const std::string& name, const std::string& value,
                         const std::string& description);

}  // namespace veredus::commands
