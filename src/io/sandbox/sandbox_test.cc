// Each test asks a child process what it can still do after it went into the sandbox.

#include "io/sandbox/sandbox.h"

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/sandbox/leak_sanitizer.h"
#include "io/socket_address.h"
#include "io/temporary_folder.h"

namespace veredus::io {
namespace {

constexpr int kNotSecured = 250;
/// "nobody" on every Linux, and no file here is its own.
constexpr const char* kOrdinaryUser = "nobody";

/// errno of a call that returned `result`, or 0.
int error_of(long result) { return result < 0 ? errno : 0; }

int open_error(const std::string& path, int flags = O_RDONLY) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR);
  const int error = error_of(descriptor);
  if (descriptor >= 0) ::close(descriptor);
  return error;
}

/// What `question` returns in a child.
int in_child(const std::function<int()>& question) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(question());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class Sandbox : public testing::Test {
 protected:
  void SetUp() override {
    const auto version = landlock_version();
    if (!version) GTEST_SKIP() << version.error().text();
    plan_.files.write = {inside_.path()};
    plan_.files.read = {readable_.path()};
    write(readable_.path() + "/file");
    write(outside_.path() + "/file");
  }

  static void write(const std::string& path) { std::ofstream(path) << "text"; }

  int after_securing(const std::function<int()>& question) const {
    return in_child([&] {
      const auto report = secure_process(plan_);
      return report && report->complete ? question() : kNotSecured;
    });
  }

  TemporaryFolder inside_;
  TemporaryFolder readable_;
  TemporaryFolder outside_;
  SandboxPlan plan_;
};

TEST_F(Sandbox, FilesOutsideCannotBeOpened) {
  EXPECT_EQ(after_securing([&] { return open_error(outside_.path() + "/file"); }), EACCES);
  EXPECT_EQ(
      after_securing([&] { return open_error(outside_.path() + "/new", O_WRONLY | O_CREAT); }),
      EACCES);
  EXPECT_EQ(after_securing([&] { return open_error(outside_.path(), O_DIRECTORY); }), EACCES);
  EXPECT_EQ(after_securing([&] { return error_of(::unlink((outside_.path() + "/file").c_str())); }),
            EACCES);
  EXPECT_EQ(after_securing([] { return open_error("/etc/passwd"); }), EACCES);
}

TEST_F(Sandbox, ALinkDoesNotLeadOut) {
  std::filesystem::create_symlink(outside_.path() + "/file", inside_.path() + "/link");
  EXPECT_EQ(after_securing([&] { return open_error(inside_.path() + "/link"); }), EACCES);
}

TEST_F(Sandbox, ReadableFilesCannotBeWritten) {
  const std::string file = readable_.path() + "/file";
  EXPECT_EQ(after_securing([&] { return open_error(file); }), 0);
  EXPECT_EQ(after_securing([&] { return open_error(file, O_WRONLY); }), EACCES);
  EXPECT_EQ(after_securing([&] { return error_of(::truncate(file.c_str(), 0)); }), EACCES);
}

// As a Maildir needs it: made in one folder, moved to another, removed.
TEST_F(Sandbox, InsideEverythingWorks) {
  EXPECT_EQ(after_securing([&] {
              const std::filesystem::path folder(inside_.path());
              std::error_code error;
              std::filesystem::create_directories(folder / "tmp", error);
              if (!error) std::filesystem::create_directory(folder / "new", error);
              write(folder / "tmp" / "mail");
              if (!error)
                std::filesystem::rename(folder / "tmp" / "mail", folder / "new" / "mail", error);
              if (!error) std::filesystem::resize_file(folder / "new" / "mail", 1, error);
              if (!error) std::filesystem::remove_all(folder / "new", error);
              return error.value();
            }),
            0);
}

/// A Unix socket at `path`: binding to it, or connecting.
int socket_error(const std::string& path, decltype(&::connect) call) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const OwnedDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return error_of(call(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
}

// Mail goes by LMTP to sockets of other programs, wherever they are.
TEST_F(Sandbox, UnixSocketsOfOthersCanBeConnectedTo) {
  const std::string path = outside_.path() + "/lmtp";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const OwnedDescriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
            0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  EXPECT_EQ(after_securing([&] { return socket_error(path, &::connect); }), 0);
  EXPECT_EQ(after_securing([&] { return socket_error(outside_.path() + "/other", &::bind); }),
            EACCES);
}

TEST_F(Sandbox, AFolderOfSocketsIsForSocketsAlone) {
  plan_.files.sockets = {outside_.path()};
  EXPECT_EQ(after_securing([&] { return socket_error(outside_.path() + "/ours", &::bind); }), 0);
  EXPECT_EQ(after_securing([&] { return open_error(outside_.path() + "/file"); }), EACCES);
}

int run_program() {
  const char* const arguments[] = {"/bin/true", nullptr};
  ::execv(arguments[0], const_cast<char* const*>(arguments));
  return errno;
}

TEST_F(Sandbox, ProgramsCannotBeRun) {
  plan_.files.execute = {"/usr", "/bin", "/lib", "/lib64"};  // So that it is not Landlock's doing.
  EXPECT_EQ(after_securing(run_program), EPERM);
  plan_.programs = Programs::allowed;
  EXPECT_EQ(after_securing(run_program), 0);
}

TEST_F(Sandbox, WithoutTheFilterLandlockKeepsProgramsFromRunning) {
  plan_.programs = Programs::allowed;
  EXPECT_EQ(after_securing(run_program), EACCES);
}

TEST_F(Sandbox, ProcessesCannotBeMade) {
  if (kLeakSanitizer) GTEST_SKIP() << "the leak sanitizer makes one itself";
  EXPECT_EQ(after_securing([] { return error_of(::fork()); }), EPERM);
  EXPECT_EQ(after_securing([] { return error_of(::syscall(SYS_clone3, nullptr, 0)); }), ENOSYS);
}

TEST_F(Sandbox, OtherProcessesCannotBeLookedInto) {
  if (!kLeakSanitizer) {
    EXPECT_EQ(
        after_securing([] { return error_of(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }),
        EPERM);
  }
  EXPECT_EQ(
      after_securing([] {
        return error_of(::syscall(SYS_process_vm_readv, ::getppid(), nullptr, 0, nullptr, 0, 0));
      }),
      EPERM);
  // Landlock's scope, of ABI 6 on.
  if (*landlock_version() >= 6) {
    EXPECT_EQ(after_securing([] { return error_of(::kill(::getppid(), 0)); }), EPERM);
  }
}

struct RefusedCall {
  const char* name;
  std::function<long()> call;
};

TEST_F(Sandbox, WhatAMailServerNeverDoesIsRefused) {
  const RefusedCall calls[] = {
      {"unshare", [] { return ::unshare(CLONE_NEWUSER); }},
      {"mount", [] { return ::syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, nullptr); }},
      {"bpf", [] { return ::syscall(SYS_bpf, 0, nullptr, 0); }},
      {"keyctl", [] { return ::syscall(SYS_keyctl, 0, -3, 0); }},
      {"perf_event_open", [] { return ::syscall(SYS_perf_event_open, nullptr, 0, 0, 0, 0); }},
      {"userfaultfd", [] { return ::syscall(SYS_userfaultfd, 0); }},
      {"io_uring_setup", [] { return ::syscall(SYS_io_uring_setup, 1, nullptr); }},
      {"init_module", [] { return ::syscall(SYS_init_module, nullptr, 0, ""); }},
      {"setuid", [] { return ::syscall(SYS_setuid, ::getuid()); }},
      {"setresuid", [] { return ::syscall(SYS_setresuid, ::getuid(), ::getuid(), ::getuid()); }},
      {"packet socket", [] { return ::socket(AF_PACKET, SOCK_RAW, 0); }},
      {"vsock socket", [] { return ::socket(AF_VSOCK, SOCK_STREAM, 0); }},
      {"key socket", [] { return ::socket(AF_KEY, SOCK_RAW, 2); }},
      {"socket whose family has high bits",
       [] { return ::syscall(SYS_socket, (1UL << 32) | AF_PACKET, SOCK_RAW, 0); }},
  };
  for (const RefusedCall& refused : calls)
    EXPECT_EQ(after_securing([&] { return error_of(refused.call()); }), EPERM) << refused.name;
}

TEST_F(Sandbox, SocketsOfOursCanBeOpened) {
  for (const int family : {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK})
    EXPECT_EQ(after_securing([&] { return error_of(::socket(family, SOCK_DGRAM, 0)); }), 0);
}

TEST_F(Sandbox, ThreadsAreHeldToItToo) {
  EXPECT_EQ(after_securing([&] {
              int error = 0;
              std::thread([&] { error = open_error(outside_.path() + "/file"); }).join();
              return error;
            }),
            EACCES);
  EXPECT_EQ(after_securing([] {
              int error = 0;
              std::thread([&] { error = run_program(); }).join();
              return error;
            }),
            EPERM);
}

TEST_F(Sandbox, NewPrivilegesAreRuledOut) {
  EXPECT_EQ(after_securing([] { return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); }), 1);
}

TEST_F(Sandbox, SaysWhatWasDone) {
  const std::string user = current_user().name;  // Later /etc/passwd is out of reach.
  EXPECT_EQ(in_child([&] {
              const auto report = secure_process(plan_);
              return report->landlock == "abi" + std::to_string(*landlock_version()) &&
                     report->system_call_filter == "yes" && report->no_new_privileges == "yes" &&
                     report->user == user;
            }),
            1);
}

TEST_F(Sandbox, NothingIsDoneWhenNotWanted) {
  plan_.confine = false;
  EXPECT_EQ(after_securing([&] { return open_error(outside_.path() + "/file"); }), 0);
  EXPECT_EQ(after_securing(run_program), 0);
}

class Root : public Sandbox {
 protected:
  void SetUp() override {
    Sandbox::SetUp();
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
    plan_.user = *find_user(kOrdinaryUser);
  }
};

TEST_F(Root, BecomesTheUserForGood) {
  for (const bool confine : {false, true}) {
    plan_.confine = confine;
    EXPECT_EQ(after_securing([&] {
                const bool is_user = ::getuid() == plan_.user->id &&
                                     ::geteuid() == plan_.user->id &&
                                     ::getgid() == plan_.user->group;
                return is_user && ::setuid(0) != 0 && ::seteuid(0) != 0 && ::setgid(0) != 0;
              }),
              1);
  }
}

TEST_F(Root, GivesUpItsGroupsAndCapabilities) {
  plan_.files.read.emplace_back("/proc");
  EXPECT_EQ(after_securing([] {
              std::ifstream status("/proc/self/status");
              int seen = 0;
              for (std::string line; std::getline(status, line);) {
                if (!line.starts_with("Cap") && !line.starts_with("Groups:")) continue;
                const bool is_none = line.starts_with("Groups:")
                                         ? line.find(" 0 ") == std::string::npos
                                         : line.ends_with("\t0000000000000000");
                seen += is_none ? 1 : 100;
              }
              return seen;
            }),
            6);  // Inh, Prm, Eff, Bnd, Amb; groups
}

TEST_F(Root, ThreadsAreTheUserToo) {
  EXPECT_EQ(after_securing([] {
              uid_t user = 0;
              std::thread([&] { user = ::geteuid(); }).join();
              return user != 0 ? 1 : 0;
            }),
            1);
}

TEST_F(Root, MakesFoldersForTheUser) {
  const std::string path = inside_.path() + "/storage";
  ASSERT_TRUE(make_folder_of(path, *plan_.user));
  struct stat found{};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_uid, plan_.user->id);
  EXPECT_EQ(found.st_mode & 0777U, 0700U);
  EXPECT_TRUE(make_folder_of(path, *plan_.user));

  write(path + "/left-by-root");
  const auto again = make_folder_of(path, *plan_.user);
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().text().find("chown -R nobody: " + path), std::string::npos)
      << again.error().text();
}

TEST_F(Root, BecomesTheOwnerOfAFolder) {
  const std::string path = inside_.path() + "/storage";
  ASSERT_TRUE(make_folder_of(path, *plan_.user));
  std::filesystem::permissions(inside_.path(), std::filesystem::perms::all);
  EXPECT_EQ(in_child([&] {
              if (!become_owner_of(path)) return kNotSecured;
              write(path + "/file");
              struct stat found{};
              ::stat((path + "/file").c_str(), &found);
              return found.st_uid == plan_.user->id ? 1 : 0;
            }),
            1);
}

TEST(Users, OneThatDoesNotExistIsNamed) {
  const auto user = find_user("no-such-user");
  ASSERT_FALSE(user);
  EXPECT_EQ(user.error().text(), "there is no user no-such-user");
}

}  // namespace
}  // namespace veredus::io
