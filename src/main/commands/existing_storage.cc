#include "main/commands/existing_storage.h"

#include <filesystem>
#include <system_error>

#include "io/sandbox/user.h"

namespace veredus::commands {

Result<std::unique_ptr<storage::RocksdbStorage>> open_existing_storage(
    const config::Config& config, io::Workers& workers, std::chrono::milliseconds patience) {
  storage::RocksdbOptions options = config.storage_options();
  options.lock_patience = patience;
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(options.path, error);
  if (std::filesystem::exists(options.path, error)) {
    const Result<> became = io::become_owner_of(options.path);
    if (!became) return fail(became.error());
    return storage::RocksdbStorage::open(options, workers);
  }
  if (error)
    return fail(Fault::unavailable, whole.string() + ": " + error.message() +
                                        "; run this as the user that the server runs as");
  return fail(Fault::unavailable, whole.string() +
                                      " does not exist: no server has run with this configuration, "
                                      "or storage.path is another");
}

}  // namespace veredus::commands
