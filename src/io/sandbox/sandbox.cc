#include "io/sandbox/sandbox.h"

#include <cerrno>

#include <sys/prctl.h>

#include "io/socket_address.h"

namespace veredus::io {
namespace {

constexpr const char* kYes = "yes";
constexpr const char* kNotWanted = "no: process.sandbox is false";

Result<> forbid_new_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) return {};
  return fail(Fault::unavailable, system_text(errno));
}

std::string told(const Error& error, SandboxReport& report) {
  report.complete = false;
  return "no: " + error.text();
}

void confine(const SandboxPlan& plan, SandboxReport& report) {
  const Result<> forbidden = forbid_new_privileges();
  report.no_new_privileges = forbidden ? kYes : told(forbidden.error(), report);
  const Result<int> version = restrict_files(plan.files);
  report.landlock = version ? "abi" + std::to_string(*version) : told(version.error(), report);
  const Result<> filtered = restrict_system_calls(plan.programs);
  report.system_call_filter = filtered ? kYes : told(filtered.error(), report);
  if (filtered && plan.programs == Programs::allowed) report.system_call_filter = "yes, but execve";
}

}  // namespace

Result<SandboxReport> secure_process(const SandboxPlan& plan) {
  const User before = current_user();
  Result<> dropped;
  if (plan.user) dropped = become(*plan.user);
  if (!plan.user && !before.is_root()) dropped = drop_capabilities();
  if (!dropped) return fail(dropped.error());
  SandboxReport report{plan.user ? plan.user->name : before.name, kNotWanted, kNotWanted,
                       kNotWanted};
  if (plan.confine) confine(plan, report);
  return report;
}

}  // namespace veredus::io
