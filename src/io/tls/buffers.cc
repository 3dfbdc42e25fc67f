#include "io/tls/buffers.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <vector>

namespace veredus::io::tls {
namespace {

constexpr std::size_t kSpareMax = 4;            // Of each thread.
constexpr std::size_t kOutputKept = 32 * 1024;  // More is not worth it.

/// As Connection has them: a session takes one for all that comes, which must not cost an
/// allocation each time.
std::vector<std::unique_ptr<Buffers::Input>>& spare() {
  thread_local std::vector<std::unique_ptr<Buffers::Input>> buffers;
  return buffers;
}

/// The same for what goes out.
std::vector<std::string>& spare_output() {
  thread_local std::vector<std::string> buffers = [] {
    std::vector<std::string> made;
    made.reserve(kSpareMax);  // Giving back must not fail.
    return made;
  }();
  return buffers;
}

Buffers& of(BIO* bio) { return *static_cast<Buffers*>(BIO_get_data(bio)); }

}  // namespace

Buffers::~Buffers() {
  begin_ = end_ = 0;
  release_if_empty();
}

BIO* Buffers::make_bio() {
  BIO* bio = BIO_new(method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  return bio;
}

const BIO_METHOD* Buffers::method() {
  static const BIO_METHOD* const made = [] {
    BIO_METHOD* fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
    BIO_meth_set_read(fresh, read);
    BIO_meth_set_write(fresh, write);
    BIO_meth_set_ctrl(fresh, control);
    return fresh;
  }();
  return made;
}

std::span<char> Buffers::room() {
  assert(!has_input());
  if (!input_ && !spare().empty()) {
    input_ = std::move(spare().back());
    spare().pop_back();
  }
  if (!input_) input_ = Input::make();
  return input_->octets;
}

void Buffers::came(std::size_t octets) noexcept {
  begin_ = 0;
  end_ = octets;
  release_if_empty();
}

void Buffers::expect_output(std::size_t octets) {
  if (output_.empty() && !spare_output().empty()) {
    output_ = std::move(spare_output().back());
    spare_output().pop_back();
  }
  output_.reserve(output_.size() + octets);
}

void Buffers::give_back(std::string sent) noexcept {
  if (sent.capacity() > kOutputKept || spare_output().size() == kSpareMax) return;
  sent.clear();
  spare_output().push_back(std::move(sent));
}

void Buffers::release_if_empty() noexcept {
  if (begin_ != end_ || !input_) return;
  if (spare().size() < kSpareMax)
    spare().push_back(std::move(input_));
  else
    input_.reset();
}

/// Empty is "not yet", never the end.
int Buffers::read(BIO* bio, char* into, int octets) {
  Buffers& buffers = of(bio);
  BIO_clear_retry_flags(bio);
  const std::size_t there = buffers.end_ - buffers.begin_;
  if (there == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t count = std::min(there, static_cast<std::size_t>(octets));
  std::memcpy(into, buffers.input_->octets.data() + buffers.begin_, count);
  buffers.begin_ += count;
  buffers.release_if_empty();
  return static_cast<int>(count);
}

int Buffers::write(BIO* bio, const char* from, int octets) {
  of(bio).output_.append(from, static_cast<std::size_t>(octets));
  return octets;
}

long Buffers::control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_PENDING:
      return static_cast<long>(of(bio).end_ - of(bio).begin_);
    case BIO_CTRL_WPENDING:
      return static_cast<long>(of(bio).output_.size());
    default:
      return 0;
  }
}

}  // namespace veredus::io::tls
