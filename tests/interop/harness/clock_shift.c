// For LD_PRELOAD: the wall clock and the steady clock are as many seconds ahead as the file that
// CLOCK_SHIFT names says, a number for each, from the moment it says so.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

typedef int clock_wait(pthread_cond_t*, pthread_mutex_t*, clockid_t, const struct timespec*);

static const volatile int64_t* shift;  // Of the wall clock, of the steady clock.
static clock_wait* wait_of_library;

__attribute__((constructor)) static void open_shift(void) {
  wait_of_library = (clock_wait*)dlsym(RTLD_NEXT, "pthread_cond_clockwait");
  const char* path = getenv("CLOCK_SHIFT");
  if (path == NULL) return;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void* mapped = mmap(NULL, 2 * sizeof(*shift), PROT_READ, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) shift = mapped;
  close(file);
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  long status = syscall(SYS_clock_gettime, clock, now);
  if (status != 0 || shift == NULL) return (int)status;
  if (clock == CLOCK_REALTIME) now->tv_sec += shift[0];
  if (clock == CLOCK_MONOTONIC) now->tv_sec += shift[1];
  return 0;
}

// The kernel waits by its own clock. std::condition_variable::wait_until() of a steady time.
int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const struct timespec* until) {
  struct timespec real = *until;
  if (shift != NULL && clock == CLOCK_MONOTONIC) real.tv_sec -= shift[1];
  return wait_of_library(condition, mutex, clock, &real);
}
