#include "mail/deliver/mailbox_writer.h"

#include <exception>
#include <utility>

#include "base/log.h"
#include "io/call_on.h"

namespace veredus::deliver {

/// Lives in the frame of the task that waits for it, until it is answered.
struct MailboxWriter::Request {
  std::size_t octets() const {
    std::size_t each = 0;
    for (const Bytes& chunk : chunks) each += chunk.size();
    return each * copies.size();
  }

  const std::vector<Bytes>& chunks;
  SteadyTime since;
  std::vector<MaildirCopy> copies = {};
  io::Answer<bool> written = {};
};

io::Task<std::vector<Result<>>> MailboxWriter::write(std::vector<MaildirPlace> places,
                                                     const std::vector<Bytes>& chunks) {
  if (places.empty()) co_return std::vector<Result<>>();
  Request request{chunks, system_.clock.now()};
  for (MaildirPlace& place : places) request.copies.push_back({std::move(place), &chunks});
  co_await io::await_answer<bool>(system_.clock, [&](io::Answer<bool> written) {
    request.written = std::move(written);
    if (enqueue(request)) start(request);
  });
  std::vector<Result<>> results;
  for (MaildirCopy& copy : request.copies) results.push_back(std::move(copy.written));
  co_return results;
}

bool MailboxWriter::enqueue(Request& request) {
  const std::scoped_lock lock(mutex_);
  waiting_.push_back(&request);
  if (!is_worth_besides(writers_)) return false;
  ++writers_;
  return true;
}

/// For a request that waits. When no writer can be had, it must not be left to one.
void MailboxWriter::start(const Request& request) {
  try {
    system_.workers.start([this] { write_all(); });
  } catch (...) {
    if (withdraw(request)) throw;
  }
}

bool MailboxWriter::withdraw(const Request& request) {
  const std::scoped_lock lock(mutex_);
  --writers_;
  return std::erase(waiting_, &request) > 0;
}

bool MailboxWriter::is_worth_besides(unsigned others) const {
  if (waiting_.empty()) return false;
  return is_worth(others, waiting_.size(), system_.clock.now() - waiting_.front()->since);
}

/// On a worker, until nothing waits. A bug of ours must not leave anybody waiting for ever.
void MailboxWriter::write_all() {
  for (std::vector<Request*> taken = take(); !taken.empty(); taken = take()) {
    try {
      write_together(taken);
    } catch (const std::exception& bug) {
      log::error("mailbox_writer_broken", {{"reason", bug.what()}});
    }
    // Each request may be gone as soon as it is answered.
    for (Request* request : taken) std::exchange(request->written, nullptr)(true);
  }
}

void MailboxWriter::write_together(const std::vector<Request*>& requests) {
  std::vector<MaildirCopy*> copies;
  for (Request* request : requests)
    for (MaildirCopy& copy : request->copies) copies.push_back(&copy);
  write_maildirs(system_.files, copies);
}

/// None: the writer is not counted any more.
std::vector<MailboxWriter::Request*> MailboxWriter::take() {
  const std::scoped_lock lock(mutex_);
  std::vector<Request*> taken;
  std::size_t copies = 0;
  std::size_t octets = 0;
  const bool goes_on = is_worth_besides(writers_ - 1);
  while (goes_on && !waiting_.empty()) {
    const Request& next = *waiting_.front();
    copies += next.copies.size();
    octets += next.octets();
    const bool fits = copies <= kMaildirFilesMax && octets <= kOctetsTogetherMax;
    if (!fits && !taken.empty()) break;
    taken.push_back(waiting_.front());
    waiting_.pop_front();
  }
  if (taken.empty()) --writers_;
  return taken;
}

}  // namespace veredus::deliver
