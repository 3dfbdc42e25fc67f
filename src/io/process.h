// What the operating system tells this process, and what we ask of it for ourselves.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip.h"

namespace veredus::io {

/// The addresses of this machine's network interfaces, loopback included; each once.
std::vector<IpAddress> interface_addresses();

/// This machine's name, fully qualified where the system knows it; `localhost.localdomain` when it
/// has none. May ask DNS: blocks.
std::string host_name();

/// The user this process runs as: a name, or the number of one that has none.
std::string user_name();

/// Of this process; empty when it is not set. Only while no other thread sets variables.
std::string environment_variable(const char* name);

/// Lets this process open as many descriptors as the system allows it to; returns how many.
std::uint64_t raise_descriptor_limit();

/// Files and sockets made from now on are for this process's user alone.
void keep_files_private();

/// Whether this process may make files in the folder that `path` is in; false when there is none.
bool may_write_folder_of(const std::string& path);

/// Processors that this process may run on; at least 1.
unsigned processor_count();

}  // namespace veredus::io
