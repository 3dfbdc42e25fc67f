#include "io/child.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace veredus::io {
namespace {

constexpr int kCannotRun = 127;  // As shells say it.

std::string reason() { return std::generic_category().message(errno); }

int to_status(int waited) {
  return WIFEXITED(waited) ? WEXITSTATUS(waited) : kEndedBySignal + WTERMSIG(waited);
}

/// Closed at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const noexcept { return number_; }
  void close() noexcept {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

/// What the child does before it becomes the program. Between fork() and execv() of a process with
/// threads nothing may be called that takes a lock or memory.
[[noreturn]] void become(char* const* arguments, int input, int output, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kCannotRun);  // It ended before we could ask.
  ::setpgid(0, 0);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  ::execv(arguments[0], arguments);
  ::_exit(kCannotRun);
}

/// Until the child has closed its end of the pipe: then the kernel knows what is to become of it,
/// should this thread end.
void wait_for_end(int pipe) {
  char nothing = 0;
  while (::read(pipe, &nothing, 1) < 0 && errno == EINTR) {
  }
}

int open_file(const char* path, int flags) { return ::open(path, flags | O_CLOEXEC, 0600); }

}  // namespace

Result<Child> Child::start(const std::vector<std::string>& arguments, const std::string& output) {
  const Descriptor nothing(open_file("/dev/null", O_RDONLY));
  const Descriptor written(open_file(output.c_str(), O_WRONLY | O_CREAT | O_APPEND));
  if (nothing.number() < 0 || written.number() < 0)
    return fail(Fault::unavailable, output + " cannot be written: " + reason());
  std::vector<std::string> copies = arguments;
  std::vector<char*> pointers;
  pointers.reserve(copies.size() + 1);
  for (std::string& argument : copies) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return fail(Fault::unavailable, "cannot start " + copies.front() + ": " + reason());
  const Descriptor started(ends[0]);
  Descriptor starting(ends[1]);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(pointers.data(), nothing.number(), written.number(), parent);
  if (pid < 0) return fail(Fault::unavailable, "cannot start " + copies.front() + ": " + reason());
  starting.close();
  wait_for_end(started.number());
  return Child(pid);
}

Child::~Child() {
  if (pid_ < 0) return;
  signal(SIGKILL);
  wait();
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(std::exchange(other.status_, std::nullopt)) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(status_, other.status_);
  return *this;
}

std::optional<int> Child::ended() {
  int waited = 0;
  if (!status_ && ::waitpid(pid_, &waited, WNOHANG) == pid_) status_ = to_status(waited);
  return status_;
}

int Child::wait() {
  int waited = 0;
  while (!status_) {
    if (::waitpid(pid_, &waited, 0) == pid_)
      status_ = to_status(waited);
    else if (errno != EINTR)
      status_ = kCannotRun;  // Somebody else has waited for it.
  }
  return *status_;
}

void Child::signal(int number) {
  if (!ended()) ::kill(pid_, number);
}

std::string own_program() { return "/proc/self/exe"; }

}  // namespace veredus::io
