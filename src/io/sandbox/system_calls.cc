#include "io/sandbox/system_calls.h"

#include <array>
#include <cerrno>
#include <memory>
#include <span>
#include <string>

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "io/sandbox/leak_sanitizer.h"
#include "io/socket_address.h"

namespace veredus::io {
namespace {

using Names = std::span<const char* const>;

constexpr std::array kPrograms{"execve", "execveat", "fork", "vfork"};

constexpr std::array kOtherProcesses{
    "process_vm_readv", "process_vm_writev", "process_madvise",  "kcmp",
    "pidfd_open",       "pidfd_getfd",       "pidfd_send_signal"};

constexpr std::array kNeverNeeded{
    // Other views of the file system, and of the machine.
    "mount", "umount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "unshare", "setns", "mknod", "mknodat",
    "name_to_handle_at", "open_by_handle_at", "quotactl", "quotactl_fd", "swapon", "swapoff",
    // The kernel itself.
    "bpf", "perf_event_open", "kexec_load", "kexec_file_load", "init_module", "finit_module",
    "delete_module", "reboot", "acct", "syslog", "iopl", "ioperm", "modify_ldt", "personality",
    "lookup_dcookie", "vhangup", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "add_key", "request_key", "keyctl", "fanotify_init", "nfsservctl",
    "_sysctl", "uselib", "ustat", "sysfs",
    // The machine's time and name.
    "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "stime", "sethostname",
    "setdomainname",
    // Another user, other rights.
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid",
    "setfsgid", "capset"};

/// The first address family that no protocol of ours has, behind AF_NETLINK.
constexpr unsigned kFamiliesEnd = AF_NETLINK + 1;

/// Calls whose argument `number` is so.
scmp_arg_cmp where(unsigned number, scmp_compare comparison, std::uint64_t value,
                   std::uint64_t of_masked = 0) {
  return {number, comparison, value, of_masked};
}

class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release) {
    if (!context_) error_ = -ENOMEM;
    set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    set(SCMP_FLTATR_CTL_TSYNC, 1);
    set(SCMP_FLTATR_CTL_LOG, 1);
  }

  void refuse(Names names) {
    for (const char* name : names) refuse(name);
  }

  /// A call that this kernel or architecture does not have needs no rule.
  template <class... Comparison>
  void refuse(const char* name, Comparison... comparison) {
    refuse_with(EPERM, name, comparison...);
  }

  template <class... Comparison>
  void refuse_with(std::uint16_t error, const char* name, Comparison... comparison) {
    const int call = seccomp_syscall_resolve_name(name);
    if (error_ != 0 || call == __NR_SCMP_ERROR) return;
    constexpr unsigned kComparisons = sizeof...(comparison);
    note(
        seccomp_rule_add(context_.get(), SCMP_ACT_ERRNO(error), call, kComparisons, comparison...));
  }

  Result<> load() {
    if (error_ == 0) note(seccomp_load(context_.get()));
    if (error_ == 0) return {};
    return fail(Fault::unavailable, "this kernel does not take a filter of system calls (" +
                                        system_text(-error_) + ')');
  }

 private:
  void set(scmp_filter_attr attribute, std::uint32_t value) {
    if (error_ == 0) note(seccomp_attr_set(context_.get(), attribute, value));
  }
  void note(int status) {
    // EDOM and EACCES: no such call on this architecture, or the rule is the default.
    if (error_ == 0 && status != -EDOM && status != -EACCES) error_ = status;
  }

  std::unique_ptr<void, decltype(&seccomp_release)> context_;
  int error_ = 0;
};

void refuse_processes(Filter& filter) {
  filter.refuse(kPrograms);
  if (kLeakSanitizer) return;
  // clone3() has its flags in memory, where a filter cannot look; without it glibc uses clone().
  filter.refuse_with(ENOSYS, "clone3");
  filter.refuse("clone", where(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD));
}

void refuse_sockets(Filter& filter) {
  for (unsigned family = 0; family < kFamiliesEnd; ++family)
    if (family != AF_UNIX && family != AF_INET && family != AF_INET6 && family != AF_NETLINK)
      filter.refuse("socket", where(0, SCMP_CMP_EQ, family));
  filter.refuse("socket", where(0, SCMP_CMP_GE, kFamiliesEnd));
}

}  // namespace

Result<> restrict_system_calls(Programs programs) {
  Filter filter;
  if (programs == Programs::none) refuse_processes(filter);
  filter.refuse(kOtherProcesses);
  if (!kLeakSanitizer) filter.refuse("ptrace");
  filter.refuse(kNeverNeeded);
  refuse_sockets(filter);
  // Typing into the terminal that we were started from.
  filter.refuse("ioctl", where(1, SCMP_CMP_MASKED_EQ, 0xFFFFFFFFU, TIOCSTI));
  return filter.load();
}

}  // namespace veredus::io
