// A folder that every user of this machine may put files into, and that only its owner may list:
// how mail is handed over while no server runs.
//
// Its mode is 1733: others make files there and rename or remove their own, but see no names; a
// name that cannot be guessed keeps a file to its writer and the folder's owner. What lies there
// may be anything: take nothing of it for granted.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/random.h"
#include "io/socket_address.h"

namespace veredus::io {

/// The owner's side. Every call blocks: call it on a worker. One caller at a time.
class SharedFolder {
 public:
  /// Below the folder, for the owner alone: what set_aside() puts away.
  static constexpr const char* kAside = "bad";

  /// Makes the folder when it is missing (its parents too, those with mode 0755). Errors:
  /// unavailable, with what to do; refused, when it or the one for what is put aside belongs to
  /// another user.
  [[nodiscard]] static Result<SharedFolder> open(const std::string& path);

  /// Names of what was put there whole, in order of their names, which is that of their writing;
  /// at most `names_max`. Errors: unavailable.
  Result<std::vector<std::string>> names(std::size_t names_max) const;

  struct Deposit {
    std::string octets;
    std::uint32_t owner = 0;  ///< The user (uid) whose file it is.
  };
  /// Reads a file to its end. Errors: refused, when it is no file that somebody put there (a
  /// link, a device, a file that has another name elsewhere), larger than `octets_max`, or kept
  /// from us by its mode; unavailable (I/O, or gone).
  Result<Deposit> read(const std::string& name, std::size_t octets_max) const;

  /// Removes it for good, also after a power cut. Errors: unavailable.
  Result<> remove(const std::string& name) const;
  /// Moves it to kAside, whatever it is. Errors: unavailable.
  Result<> set_aside(const std::string& name) const;
  /// Removes what was begun before `begun_before` and never finished. Errors: unavailable.
  Result<> remove_unfinished(WallTime begun_before) const;

 private:
  SharedFolder(std::string path, OwnedDescriptor folder, OwnedDescriptor aside)
      : path_(std::move(path)), folder_(std::move(folder)), aside_(std::move(aside)) {}

  std::string path_;
  OwnedDescriptor folder_;
  OwnedDescriptor aside_;
};

/// The other users' side: puts a file of `octets` into the folder under a name made of `time` and
/// `random`. Once this returns it survives a power cut; before, the owner does not see it.
/// Errors: overloaded (no space, quota), refused (we may not), unavailable (no such folder, I/O).
[[nodiscard]] Result<> deposit(const std::string& folder, std::string_view octets, WallTime time,
                               Random& random);

}  // namespace veredus::io
