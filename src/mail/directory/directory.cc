#include "mail/directory/directory.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace veredus::directory {

Result<Accounts> Directory::read(const std::string& file) {
  if (file.empty()) return Accounts();
  std::ifstream in(file, std::ios::binary);
  std::error_code unknown;
  if (!in.is_open() || std::filesystem::is_directory(file, unknown))
    return fail(Fault::unavailable,
                file + ": the accounts cannot be read: " +
                    std::generic_category().message(in.is_open() ? EISDIR : errno));
  return parse_accounts(std::string(std::istreambuf_iterator<char>(in), {}), file);
}

Result<std::unique_ptr<Directory>> Directory::open(const DirectoryConfig& config,
                                                   const io::System& system,
                                                   storage::Storage& storage) {
  std::unique_ptr<Directory> made(new Directory(config.file, system, storage));
  made->mark_ = mark_of(made->file_);
  auto accounts = read(made->file_);
  if (!accounts) return fail(accounts.error());
  made->declared_.store(std::make_shared<const Accounts>(std::move(*accounts)));
  return made;
}

io::Task<Result<>> Directory::load() {
  auto kept = co_await load_kept(storage_);
  if (!kept) co_return fail(kept.error());
  kept_.store(std::make_shared<const Kept>(std::move(*kept)));
  co_return Result<>();
}

std::optional<Account> Directory::find(const std::string& address) const {
  const auto declared = declared_.load();
  if (const auto found = declared->find(address); found != declared->end()) return found->second;
  const auto kept = kept_.load();
  if (const auto found = kept->accounts.find(address); found != kept->accounts.end())
    return *found->second;
  return std::nullopt;
}

io::Task<Result<std::optional<Account>>> Directory::look_up(std::string address) const {
  co_return find(address);
}

io::Task<Result<>> Directory::change(Edit edit) {
  constexpr std::chrono::milliseconds kPause{1};
  while (is_changing_) co_await system_.clock.sleep_for(kPause);
  is_changing_ = true;
  Draft draft(*kept_.load());
  Result<> done = edit(draft);
  if (done && hooks_.check) done = hooks_.check(draft.kept(), *declared_.load());
  if (done) done = co_await storage_.commit(draft.take_batch());
  if (done) kept_.store(std::make_shared<const Kept>(std::move(draft).take()));
  is_changing_ = false;
  if (done && hooks_.changed) hooks_.changed();
  co_return done;
}

/// What the file says from now on.
Result<> Directory::declare(Accounts accounts) {
  if (hooks_.check) {
    const Result<> sound = hooks_.check(*kept_.load(), accounts);
    if (!sound) return sound;
  }
  declared_.store(std::make_shared<const Accounts>(std::move(accounts)));
  if (hooks_.changed) hooks_.changed();
  return {};
}

std::string Directory::mark_of(const std::string& file) {
  std::error_code unknown;
  if (file.empty()) return "";
  const auto changed = std::filesystem::last_write_time(file, unknown).time_since_epoch().count();
  const auto octets = std::filesystem::file_size(file, unknown);
  return std::filesystem::weakly_canonical(file, unknown).string() + ' ' + std::to_string(changed) +
         ' ' + std::to_string(octets);
}

io::Task<> Directory::watch(Directory& directory) {
  for (;;) {
    co_await directory.system_.clock.sleep_for(kLookEvery);
    if (!directory.file_.empty()) co_await directory.look();
  }
}

io::Task<> Directory::look() {
  const std::string file = file_;
  std::string mark = co_await io::run_blocking(system_.workers, [&file] { return mark_of(file); });
  if (mark == mark_ || file != file_) co_return;
  auto accounts = co_await io::run_blocking(system_.workers, [&file] { return read(file); });
  if (file != file_) co_return;  // Replaced meanwhile.
  mark_ = std::move(mark);
  if (!accounts) {
    log::error("accounts_not_read", {{"reason", accounts.error().text()}});
    co_return;
  }
  const std::size_t count = accounts->size();
  const Result<> declared = declare(std::move(*accounts));
  if (declared)
    log::info("accounts_read", {{"file", file}, {"accounts", count}});
  else
    log::error("accounts_not_read", {{"reason", declared.error().text()}});
}

io::Task<Result<>> Directory::replace(DirectoryConfig config) {
  const std::string& file = config.file;
  std::string mark;
  const auto read_it = [&] {
    mark = mark_of(file);
    return read(file);
  };
  auto accounts = co_await io::run_blocking(system_.workers, read_it);
  if (!accounts) co_return fail(accounts.error());
  file_ = std::move(config.file);
  mark_ = std::move(mark);
  co_return declare(std::move(*accounts));
}

}  // namespace veredus::directory
