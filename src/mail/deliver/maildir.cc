#include "mail/deliver/maildir.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <utility>

namespace veredus::deliver {
namespace {

Result<> make_maildir(io::Files& files, const std::string& folder) {
  for (const char* part : {"/tmp", "/new", "/cur"})
    if (const Result<> made = files.make_directories(folder + part); !made) return made;
  return {};
}

/// CRLF to LF: the queue holds no bare CR or LF, so every CR goes, also one whose LF is yet to
/// come.
void append_lines(std::string& out, std::string_view octets) {
  for (std::size_t at = 0; at < octets.size();) {
    const std::size_t cr = octets.find('\r', at);
    out += octets.substr(at, cr - at);
    if (cr == std::string_view::npos) break;
    at = cr + 1;
  }
}

/// A step that failed is tried once more with the Maildir made. Most likely it was not there, or
/// a crash left only a part of it: so it is made only then, and a mailbox that exists costs no
/// look at its folders.
Result<> with_maildir(io::Files& files, const std::string& folder, auto step) {
  const Result<> done = step();
  if (done || done.error().fault() != Fault::unavailable) return done;
  if (const Result<> made = make_maildir(files, folder); !made) return made;
  return step();
}

/// `done` becomes what is told of the copy only when all is over: whatever is thrown on the way, no
/// step is taken for the whole.
struct Copying {
  MaildirCopy& copy;
  MaildirDraft draft;
  Result<> done = {};
};

Result<> write_octets(MaildirDraft& draft, const std::vector<Bytes>& chunks) {
  Result<> done = chunks.empty() ? draft.write("") : Result<>();
  for (const Bytes& chunk : chunks)
    if (done) done = draft.write(chunk.view());
  return done;
}

/// A bug of ours, or what the library throws at, in one mailbox must not be that of the others.
Result<> guarded(auto step) {
  try {
    return step();
  } catch (const std::exception& bug) {
    return fail(Fault::unavailable, std::string("a fault of this server: ") + bug.what());
  }
}

/// Each folder once; a failure is that of all messages that were shown in it.
void sync_folders(io::Files& files, std::vector<Copying>& all) {
  std::map<std::string, Result<>> synced;
  for (Copying& one : all) {
    if (!one.done) continue;
    const std::string folder = one.draft.new_folder();
    auto known = synced.find(folder);
    if (known == synced.end())
      known = synced.emplace(folder, guarded([&] { return files.sync_directory(folder); })).first;
    one.done = known->second;
  }
}

void write_at_once(io::Files& files, std::span<MaildirCopy* const> copies) {
  std::vector<Copying> all;
  all.reserve(copies.size());
  for (MaildirCopy* copy : copies) {
    Copying& one = all.emplace_back(*copy, MaildirDraft(files, copy->place));
    one.done = guarded([&] { return write_octets(one.draft, *copy->chunks); });
    if (one.done && copies.size() > 1) one.draft.begin_sync();
  }
  for (Copying& one : all)
    if (one.done) one.done = guarded([&] { return one.draft.show(); });
  sync_folders(files, all);
  for (Copying& one : all) {
    if (!one.done) one.draft.discard();
    one.copy.written = std::move(one.done);
  }
}

}  // namespace

std::string maildir_name(WallTime time, std::string_view queue_id, std::uint32_t recipient,
                         std::string_view hostname) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch());
  std::string name = std::to_string(seconds.count()) + ".V";
  name += queue_id;
  name += 'R' + std::to_string(recipient) + '.';
  for (const char c : hostname) {
    // '/' and ':' have a meaning in Maildir names.
    if (c == '/')
      name += "\\057";
    else if (c == ':')
      name += "\\072";
    else
      name += c;
  }
  return name;
}

MaildirDraft::MaildirDraft(io::Files& files, MaildirPlace place)
    : files_(files), place_(std::move(place)), draft_(place_.folder + "/tmp/" + place_.name) {}

Result<> MaildirDraft::begin() {
  const Result<> created = with_maildir(files_, place_.folder, [this]() -> Result<> {
    auto file = files_.create_draft(draft_);
    if (!file) return fail(file.error());
    file_ = std::move(*file);
    return {};
  });
  return created;
}

Result<> MaildirDraft::write(std::string_view octets) {
  std::string out;
  out.reserve(place_.fields.size() + octets.size());
  if (!file_) {
    if (const Result<> begun = begin(); !begun) return begun;
    append_lines(out, place_.fields);
  }
  append_lines(out, octets);
  return file_->write(out);
}

void MaildirDraft::begin_sync() { file_->begin_sync(); }

Result<> MaildirDraft::show() {
  const std::unique_ptr<io::File> file = std::move(file_);
  if (const Result<> synced = file->sync(); !synced) return synced;
  const std::string shown = new_folder() + '/' + place_.name;
  return with_maildir(files_, place_.folder, [&] { return file->publish(shown); });
}

Result<> MaildirDraft::finish() {
  if (const Result<> shown = show(); !shown) return shown;
  return files_.sync_directory(new_folder());
}

void MaildirDraft::discard() {
  file_.reset();
  static_cast<void>(files_.remove(draft_));  // The error before it is the one to tell.
}

void write_maildirs(io::Files& files, std::span<MaildirCopy* const> copies) {
  while (!copies.empty()) {
    const std::size_t count = std::min(copies.size(), kMaildirFilesMax);
    write_at_once(files, copies.first(count));
    copies = copies.subspan(count);
  }
}

}  // namespace veredus::deliver
