#include "io/owned_descriptor.h"

#include <utility>

#include <unistd.h>

namespace veredus::io {

OwnedDescriptor& OwnedDescriptor::operator=(OwnedDescriptor&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = other.release();
  }
  return *this;
}

OwnedDescriptor::~OwnedDescriptor() { close(); }

int OwnedDescriptor::release() noexcept { return std::exchange(descriptor_, -1); }

void OwnedDescriptor::close() noexcept {
  if (is_open()) ::close(release());
}

}  // namespace veredus::io
