#include "mail/deliver/maildir.h"

#include <chrono>

namespace veredus::deliver {
namespace {

/// CRLF to LF over chunks that may part a CR from its LF. The queue holds no bare CR or LF.
class LfWriter {
 public:
  explicit LfWriter(io::File& file) : file_(file) {}

  Result<> write(std::string_view octets) {
    std::string out;
    out.reserve(octets.size());
    for (std::size_t at = 0; at < octets.size();) {
      const std::size_t cr = octets.find('\r', at);
      out += octets.substr(at, cr - at);
      if (cr == std::string_view::npos) break;
      at = cr + 1;
    }
    return file_.write(out);
  }

 private:
  io::File& file_;
};

Result<> write_file(io::Files& files, const std::string& path, const MaildirMessage& message) {
  // A crash may have left one of this name: names are the same at every attempt.
  if (const Result<> removed = files.remove(path); !removed) return removed;
  auto file = files.create(path);
  if (!file) return fail(file.error());
  LfWriter writer(**file);
  if (const Result<> written = writer.write(message.fields); !written) return written;
  for (const Bytes& chunk : message.chunks)
    if (const Result<> written = writer.write(chunk.view()); !written) return written;
  return (*file)->sync();
}

Result<> make_maildir(io::Files& files, const std::string& folder) {
  for (const char* part : {"/tmp", "/new", "/cur"})
    if (const Result<> made = files.make_directories(folder + part); !made) return made;
  return {};
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

Result<> write_maildir(io::Files& files, const MaildirMessage& message) {
  const std::string draft = message.folder + "/tmp/" + message.name;
  const std::string final_name = message.folder + "/new/" + message.name;
  Result<> written =
      with_maildir(files, message.folder, [&] { return write_file(files, draft, message); });
  if (written)
    written = with_maildir(files, message.folder, [&] { return files.rename(draft, final_name); });
  if (!written) {
    static_cast<void>(files.remove(draft));  // The first error is the one to tell.
    return written;
  }
  return files.sync_directory(message.folder + "/new");
}

}  // namespace veredus::deliver
