// seccomp: the kernel refuses system calls that a mail server never makes (seccomp(2)).

#pragma once

#include <cstdint>

#include "base/result.h"

namespace veredus::io {

/// Whether this process may start programs, as some PAM modules do.
enum class Programs : std::uint8_t { none, allowed };

/// From now on, for all threads and for ever, calls of no use to a mail server fail with EPERM and
/// are told to the kernel's audit log: running programs and making processes (unless allowed),
/// looking into other processes, namespaces and mounts, kernel modules, bpf, clocks, keys,
/// io_uring, changing user or capabilities, raw and exotic sockets. Precondition: no_new_privs is
/// set. Errors: unavailable, with the reason.
///
/// It is a list of what is refused, not of what is allowed: what glibc, RocksDB and libunbound
/// call changes with their versions, and a mail server that dies of an update guards nothing. A
/// refused call is an error and no kill, for a library that tries and gets on without (RocksDB
/// and io_uring) is no attack. A call by another architecture's numbers kills.
[[nodiscard]] Result<> restrict_system_calls(Programs programs);

}  // namespace veredus::io
