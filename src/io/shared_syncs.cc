#include "io/shared_syncs.h"

#include <exception>

namespace veredus::io {

Result<> SharedSyncs::sync(const std::string& path, const std::function<Result<>()>& flush) {
  std::unique_lock lock(mutex_);
  State& state = states_[path];
  ++state.users;
  // One that runs already may have begun before what we want flushed was there.
  const std::uint64_t wanted = state.begun + 1;
  while (state.ended < wanted) {
    if (state.begun == state.ended)
      flush_once(state, lock, flush);
    else
      done_.wait(lock);
  }
  const bool failed = state.failed >= wanted;
  Result<> result;
  if (failed) result = fail(state.fault, state.reason);
  if (--state.users == 0) states_.erase(path);
  return result;
}

void SharedSyncs::flush_once(State& state, std::unique_lock<std::mutex>& lock,
                             const std::function<Result<>()>& flush) {
  ++state.begun;
  lock.unlock();
  Result<> flushed;
  try {
    flushed = flush();
  } catch (const std::exception& bug) {  // Who waits must not wait for ever.
    flushed = fail(Fault::unavailable, bug.what());
  }
  lock.lock();
  state.ended = state.begun;
  if (!flushed) {
    state.failed = state.ended;
    state.reason = flushed.error().text();
    state.fault = flushed.error().fault();
  }
  done_.notify_all();
}

}  // namespace veredus::io
