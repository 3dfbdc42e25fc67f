// The file system of production (POSIX).

#pragma once

#include "io/files.h"
#include "io/shared_syncs.h"

namespace veredus::io {

class RealFiles final : public Files {
 public:
  Result<std::unique_ptr<File>> create(const std::string& path) override;
  Result<std::unique_ptr<File>> create_draft(const std::string& path) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> remove(const std::string& path) override;
  Result<> make_directories(const std::string& path) override;
  Result<> sync_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<std::string> read(const std::string& path) override;
  Result<std::uint64_t> octets_below(const std::string& path) override;

 private:
  SharedSyncs syncs_;
};

}  // namespace veredus::io
