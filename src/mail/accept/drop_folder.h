// Takes in what sendmail(1) left in the drop folder while no server answered it.
//
// A file is read whole, checked as a message over SMTP from this machine would be, committed to
// the queue, and only then removed: a crash in between delivers it twice, never zero times. What
// cannot be taken is moved to `bad` below the folder, with the reason in the log. Recipients that
// do not exist are queued all the same and fail at the first attempt, so that their sender is
// told: there is nobody to answer 550 to.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "io/shared_folder.h"
#include "io/system.h"
#include "io/task.h"
#include "mail/accept/config.h"
#include "mail/accept/settings.h"

namespace veredus::accept {

/// Why a message that sendmail(1) has made ready cannot be taken, in a sentence for its writer; or
/// nothing. The same is refused over SMTP, with a reply each (message_reader.cc).
std::optional<std::string> message_flaw(std::string_view message, const AcceptConfig& config);

/// Lives on the first reactor; destroy it when the reactors run no more.
class DropFolder {
 public:
  using CurrentSettings = std::function<SharedSettings()>;

  /// `settings` is asked anew for each file.
  DropFolder(const Surroundings& surroundings, CurrentSettings settings);
  ~DropFolder();
  DropFolder(const DropFolder&) = delete;
  DropFolder& operator=(const DropFolder&) = delete;

  /// Opens the folder, makes it when it is missing, and watches it from now on. Once, on the first
  /// reactor. Errors: as io::SharedFolder::open().
  io::Task<Result<>> start(std::string path);
  /// The file in hand is the last.
  void stop();

 private:
  static io::Task<> watch(DropFolder& self);
  io::Task<> take_all();
  io::Task<bool> take(std::string name);
  io::Task<Result<>> queue(io::SharedFolder::Deposit deposit);
  io::Task<Result<>> stream_out(QueueId id, const std::string& message, std::uint32_t chunks);
  io::Task<> put_aside(std::string name, std::string reason);

  Surroundings surroundings_;
  CurrentSettings settings_;
  std::unique_ptr<io::SharedFolder> folder_;
  std::unique_ptr<io::Signal> wake_;
  /// What could be neither removed nor moved: it must not be taken again and again.
  std::set<std::string> stuck_;
  bool stopping_ = false;
};

}  // namespace veredus::accept
