#include "io/system_call.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "io/socket_address.h"

namespace veredus::io {

OwnedDescriptor open_file(const std::string& path, int flags) {
  return OwnedDescriptor(
      uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR); }));
}

std::unexpected<Error> failed(const std::string& doing, int error) {
  const bool is_full = error == ENOSPC || error == EDQUOT;
  return fail(is_full ? Fault::overloaded : Fault::unavailable,
              "cannot " + doing + ": " + system_text(error));
}

}  // namespace veredus::io
