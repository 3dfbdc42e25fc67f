// The folder of a torture run: nobody else's data is in it, and no other run uses it.

#pragma once

#include <string>

#include "base/result.h"

namespace veredus::torture {

/// Taken from take() until its end. Movable.
class Folder {
 public:
  /// Makes the folder if it is missing, and empties one of a former run. Errors: refused (it has
  /// something else in it, or another run uses it), unavailable.
  static Result<Folder> take(const std::string& path);
  ~Folder();
  Folder(Folder&& other) noexcept;
  Folder& operator=(Folder&&) = delete;
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  /// Absolute, as all the others.
  const std::string& path() const noexcept { return path_; }
  std::string configuration() const { return path_ + "/veredus.toml"; }
  std::string storage() const { return path_ + "/storage"; }
  std::string log() const { return path_ + "/server.log"; }
  std::string check_log() const { return path_ + "/check.log"; }
  std::string evidence() const { return path_ + "/evidence"; }

  /// Removes all that a run has left in it, and the folder too when take() made it. What cannot be
  /// removed stays.
  void remove();

 private:
  Folder(std::string path, int lock, bool made)
      : path_(std::move(path)), lock_(lock), made_(made) {}

  std::string path_;
  int lock_;  // -1: moved from
  bool made_;
};

}  // namespace veredus::torture
