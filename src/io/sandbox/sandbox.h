// The process gives up what it does not need, for good: root, the way back, files, system calls.
//
// All of it is for a process of one thread: Landlock holds the calling thread and what it starts
// later. So the order of a start is: bind sockets, read keys, secure_process(), start threads.

#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "io/sandbox/landlock.h"
#include "io/sandbox/system_calls.h"
#include "io/sandbox/user.h"

namespace veredus::io {

struct SandboxPlan {
  /// Whom to become; only root can. Nothing: the user stays, and root keeps its capabilities,
  /// which any other user gives up.
  std::optional<User> user;
  /// False: none of what follows, for systems on which it does not work.
  bool confine = true;
  FileRules files;
  /// PAM modules that run a helper need Programs::allowed and a rule in files.execute; setuid
  /// programs get no rights even so, because of no_new_privs.
  Programs programs = Programs::none;
};

/// What came of each measure: `yes`, `abi7`, or `no: ` and the reason.
struct SandboxReport {
  std::string user;
  std::string no_new_privileges;
  std::string landlock;
  std::string system_call_filter;

  /// False when a measure that was asked for could not be taken.
  bool complete = true;
};

/// Carries out `plan`. What the kernel lacks is no error but is in the report. Error: unavailable
/// (cannot become the user, or could still go back); then the process must end.
[[nodiscard]] Result<SandboxReport> secure_process(const SandboxPlan& plan);

}  // namespace veredus::io
