#include "base/log.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

namespace veredus::log {
namespace {

constexpr std::size_t kRingLinesMax = 16384;
/// How long lines gather after a write: a wake and a write for each line would cost more than the
/// line itself.
constexpr std::chrono::milliseconds kGather{10};
constexpr int kFileMode = 0640;

constexpr std::string_view kHex = "0123456789abcdef";

std::string_view name_of(Level level) noexcept {
  constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warning", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

/// Octets of the UTF-8 character that `text` begins with (RFC 3629 §4), or 0 when it begins with
/// none that may be shown: control characters, those of C1 included, can steer a terminal.
std::size_t printable_character(std::string_view text) noexcept {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto in = [&](std::size_t i, int low, int high) {
    return i < text.size() && octet(i) >= low && octet(i) <= high;
  };
  const auto tail = [&](std::size_t i) { return in(i, 0x80, 0xBF); };
  if (in(0, 0x20, 0x7E)) return 1;
  if (in(0, 0xC3, 0xDF) && tail(1)) return 2;
  if (in(0, 0xC2, 0xC2) && in(1, 0xA0, 0xBF)) return 2;
  const bool three = (in(0, 0xE0, 0xE0) && in(1, 0xA0, 0xBF)) || (in(0, 0xE1, 0xEC) && tail(1)) ||
                     (in(0, 0xED, 0xED) && in(1, 0x80, 0x9F)) || (in(0, 0xEE, 0xEF) && tail(1));
  if (three && tail(2)) return 3;
  const bool four = (in(0, 0xF0, 0xF0) && in(1, 0x90, 0xBF)) || (in(0, 0xF1, 0xF3) && tail(1)) ||
                    (in(0, 0xF4, 0xF4) && in(1, 0x80, 0x8F));
  return four && tail(2) && tail(3) ? 4 : 0;
}

/// What stands for an octet that cannot be shown: \n, \r, \t or \xNN. In JSON the last is \\xNN,
/// since a JSON string holds characters, and this octet is part of none.
void append_escaped(std::string& out, char octet, Format format) {
  switch (octet) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += format == Format::json ? "\\\\x" : "\\x";
      out += kHex[static_cast<unsigned char>(octet) >> 4];
      out += kHex[static_cast<unsigned char>(octet) & 15];
  }
}

void append_quoted(std::string& out, std::string_view text, Format format) {
  out += '"';
  while (!text.empty()) {
    const std::size_t octets = printable_character(text);
    if (octets == 0) {
      append_escaped(out, text.front(), format);
    } else if (text.front() == '"' || text.front() == '\\') {
      out += '\\';
      out += text.front();
    } else {
      out += text.substr(0, octets);
    }
    text.remove_prefix(std::max<std::size_t>(octets, 1));
  }
  out += '"';
}

/// logfmt needs quotes only round what would not be one word without them.
bool is_word(std::string_view text) noexcept {
  const auto plain = [](char c) {
    return c > ' ' && c < '\x7F' && c != '=' && c != '"' && c != '\\';
  };
  return !text.empty() && std::ranges::all_of(text, plain);
}

void append_field(std::string& line, const Field& field, Format format) {
  if (format == Format::json) {
    line += ',';
    append_quoted(line, field.name(), format);
    line += ':';
  } else {
    line += ' ';
    line += field.name();
    line += '=';
  }
  if (field.is_bare() || (format == Format::logfmt && is_word(field.text()))) {
    line += field.text();
  } else {
    append_quoted(line, field.text(), format);
  }
}

/// RFC 3339 §5.6, in UTC, to the millisecond. The date is rendered once a second.
void append_timestamp(std::string& out) {
  thread_local std::time_t rendered = -1;
  thread_local std::array<char, 32> date{};
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  if (seconds != rendered) {
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S.", &parts);
    rendered = seconds;
  }
  const auto milliseconds =
      std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  out += date.data();
  for (const auto unit : {100, 10, 1}) out += static_cast<char>('0' + milliseconds / unit % 10);
  out += 'Z';
}

struct Occurrence {
  std::string_view time;
  Level level;
  std::string_view event;
  std::initializer_list<Field> fields;
};

void append_line(std::string& out, Format format, const Occurrence& what) {
  const bool json = format == Format::json;
  out += json ? "{\"time\":\"" : "time=";
  out += what.time;
  out += json ? "\",\"level\":\"" : " level=";
  out += name_of(what.level);
  out += json ? "\",\"event\":\"" : " event=";
  out += what.event;
  if (json) out += '"';
  for (const Field& field : what.fields) append_field(out, field, format);
  if (json) out += '}';
}

/// The line of an event that happens now, with its newline. It stays valid until this thread
/// renders another one.
std::string_view render_now(Format format, Level level, std::string_view event,
                            std::initializer_list<Field> fields) {
  thread_local std::string time;
  thread_local std::string line;
  time.clear();
  line.clear();
  append_timestamp(time);
  append_line(line, format, {time, level, event, fields});
  line += '\n';
  return line;
}

/// False when not all could be written.
bool write_whole(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// The last kRingLinesMax lines that were added, one after the other; a line has one newline, its
/// last octet.
class Ring {
 public:
  std::size_t lines() const noexcept { return lines_; }
  std::string_view text() const noexcept { return std::string_view(text_).substr(begin_); }
  /// False when the oldest line had to go for it.
  bool add(std::string_view line) {
    text_ += line;
    if (lines_ < kRingLinesMax) {
      ++lines_;
      return true;
    }
    begin_ = text_.find('\n', begin_) + 1;
    if (begin_ > text_.size() / 2) {
      text_.erase(0, begin_);
      begin_ = 0;
    }
    return false;
  }
  /// Keeps its memory for the lines to come.
  void clear() noexcept {
    text_.clear();
    begin_ = 0;
    lines_ = 0;
  }

 private:
  std::string text_;
  std::size_t begin_ = 0;  // of the oldest line in text_
  std::size_t lines_ = 0;
};

/// The ring, and the thread that empties it.
class Sink {
 public:
  Sink(int descriptor, Format format)
      : descriptor_(descriptor), format_(format), thread_([this] { run(); }) {}
  ~Sink() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
    if (descriptor_ != STDERR_FILENO) ::close(descriptor_);
  }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  Format format() const noexcept { return format_; }

  void push(std::string_view line) {
    bool wake = false;
    {
      const std::scoped_lock lock(mutex_);
      const bool was_empty = ring_.lines() == 0;
      if (!ring_.add(line)) ++lost_;
      wake = (was_empty && idle_) || ring_.lines() == kRingLinesMax / 2;
    }
    if (wake) changed_.notify_one();
  }

 private:
  void run() {
    pthread_setname_np(pthread_self(), "log");
    Ring full;
    std::unique_lock lock(mutex_);
    for (;;) {
      idle_ = true;
      changed_.wait(lock, [this] { return stopping_ || ring_.lines() > 0; });
      idle_ = false;
      if (ring_.lines() == 0) return;
      std::swap(ring_, full);
      const std::uint64_t lost = std::exchange(lost_, 0);
      lock.unlock();
      const bool written = write_out(full.text(), lost);
      lock.lock();
      // Nobody can be told that the disk is full but whoever reads on once it is not.
      if (!written) lost_ += lost + full.lines();
      full.clear();
      changed_.wait_for(lock, kGather,
                        [this] { return stopping_ || ring_.lines() >= kRingLinesMax / 2; });
    }
  }

  bool write_out(std::string_view text, std::uint64_t lost) const {
    if (lost > 0 && !write_whole(descriptor_, render_now(format_, Level::warning, "log_overflow",
                                                         {{"lines_lost", lost}})))
      return false;
    return write_whole(descriptor_, text);
  }

  int descriptor_;
  Format format_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Ring ring_;
  std::uint64_t lost_ = 0;
  bool idle_ = false;  // The thread waits for a first line.
  bool stopping_ = false;
  std::thread thread_;  // Last: it uses all of the above.
};

std::atomic<Level>& lowest() {
  static std::atomic<Level> level{Level::info};
  return level;
}

/// The sink between start() and stop(). Writers hold a reference of their own while they use it.
class Current {
 public:
  std::shared_ptr<Sink> get() {
    const std::scoped_lock lock(mutex_);
    return sink_;
  }
  void set(std::shared_ptr<Sink> sink) {
    const std::scoped_lock lock(mutex_);
    sink_.swap(sink);  // The old one ends when `sink` does, after the lock is free.
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<Sink> sink_;
};

Current& current() {
  static Current instance;
  return instance;
}

}  // namespace

Result<> start(const LogConfig& config) {
  int descriptor = STDERR_FILENO;
  if (!config.file.empty()) {
    descriptor = ::open(config.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kFileMode);
    if (descriptor < 0)
      return fail(Fault::unavailable, "cannot write the log file " + config.file + ": " +
                                          std::generic_category().message(errno));
  }
  lowest() = config.level;
  current().set(std::make_shared<Sink>(descriptor, config.format));
  return {};
}

void stop() { current().set(nullptr); }

void set_level(Level level) noexcept { lowest() = level; }

bool enabled(Level level) noexcept { return level >= lowest().load(std::memory_order_relaxed); }

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (!enabled(level)) return;
  const std::shared_ptr<Sink> sink = current().get();
  if (sink) {
    sink->push(render_now(sink->format(), level, event, fields));
  } else {
    write_whole(STDERR_FILENO, render_now(Format::logfmt, level, event, fields));
  }
}

std::string render(Format format, std::string_view time, Level level, std::string_view event,
                   std::initializer_list<Field> fields) {
  std::string line;
  append_line(line, format, {time, level, event, fields});
  return line;
}

}  // namespace veredus::log
