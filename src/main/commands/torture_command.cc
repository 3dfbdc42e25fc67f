#include <charconv>
#include <chrono>
#include <iostream>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "base/log.h"
#include "io/kernel_random.h"
#include "main/commands/command.h"
#include "main/commands/configuration.h"
#include "main/torture/folder.h"
#include "main/torture/report.h"
#include "main/torture/torture.h"

namespace veredus::commands {
namespace {

constexpr std::uint64_t kSessionsMax = 1000;
constexpr double kMinutesMax = 60.0 * 24 * 365;
constexpr std::chrono::seconds kLinePause{10};

struct TortureOptions {
  std::string minutes;
  std::string storage;
  std::uint64_t sessions = torture::Order{}.sessions;
  std::uint64_t seed = 0;
  bool keep = false;
  bool json = false;
};

/// On standard error: one line that changes on a terminal, elsewhere a line every now and then.
class TortureProgress {
 public:
  TortureProgress() : terminal_(::isatty(STDERR_FILENO) == 1) {}
  ~TortureProgress() {
    if (terminal_ && drawn_) std::cerr << "\r\x1B[K" << std::flush;
  }
  TortureProgress(const TortureProgress&) = delete;
  TortureProgress& operator=(const TortureProgress&) = delete;

  void update(const torture::Progress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (!terminal_ && drawn_ && now < next_line_) return;
    next_line_ = now + kLinePause;
    drawn_ = true;
    std::cerr << (terminal_ ? "\r" : "") << line(progress) << (terminal_ ? "\x1B[K" : "\n")
              << std::flush;
  }

 private:
  static std::string line(const torture::Progress& progress) {
    using torture::grouped;
    return fmt::format("minute {:.1f}{}: {} kills, {} acknowledged, {} arrived, {} outstanding",
                       progress.elapsed.count() / 60, progress.draining ? ", last deliveries" : "",
                       grouped(progress.kills), grouped(progress.counts.acknowledged),
                       grouped(progress.counts.arrived), grouped(progress.outstanding));
  }

  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point next_line_;
};

/// Errors: malformed.
Result<std::chrono::duration<double>> read_minutes(const std::string& text) {
  double minutes = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, minutes);
  if (error != std::errc() || stop != end || !(minutes > 0 && minutes <= kMinutesMax))
    return fail(Fault::malformed,
                "--minutes: " + text + " is no number of minutes; a fraction such as 0.5 may be");
  return std::chrono::duration<double>(minutes * 60);
}

Result<torture::Report> torture_in(const torture::Folder& folder, const torture::Order& order) {
  TortureProgress progress;
  torture::Torture run(order, folder, [&](const torture::Progress& now) { progress.update(now); });
  return run.run();
}

int torture_storage(const TortureOptions& options) {
  const auto duration = read_minutes(options.minutes);
  if (!duration) return complain(duration.error(), kWrongUse);
  log::set_level(log::Level::error);
  auto folder = torture::Folder::take(options.storage);
  if (!folder) return complain(folder.error(), kFailed);
  io::KernelRandom random;
  const auto report =
      torture_in(*folder, {.duration = *duration,
                           .sessions = static_cast<std::uint32_t>(options.sessions),
                           .seed = options.seed == 0 ? random.next() >> 32 : options.seed});
  if (!report) return complain(report.error(), kFailed);
  const bool well = report->all_is_well();
  std::cout << (options.json ? for_programs(*report) + '\n' : for_people(*report));
  if (well && !options.keep)
    folder->remove();
  else
    std::cerr << "Everything is kept in " << folder->path() << '\n';
  return well ? kDone : kFailed;
}

}  // namespace

void add_torture(const Command& program) {
  const Command command = program.add(
      "torture", "Prove that nothing is lost on this disk: load, kill -9, restart, verify");
  auto options = std::make_shared<TortureOptions>();
  command.option({.names = "--minutes",
                  .value = "N",
                  .description = "How long the load lasts; a fraction may be",
                  .required = true},
                 options->minutes);
  command.option({.names = "--storage",
                  .value = "DIR",
                  .description = "A folder on the disk in question: empty, of a former run, or "
                                 "not there yet",
                  .required = true},
                 options->storage);
  command.option({.names = "--sessions",
                  .value = "N",
                  .description = "Connections that send at the same time; default: 20",
                  .least = 1,
                  .most = kSessionsMax},
                 options->sessions);
  command.option({.names = "--seed",
                  .value = "N",
                  .description = "Of what is left to chance; default: another one every time",
                  .least = 1},
                 options->seed);
  command.flag({.names = "--keep",
                .value = "",
                .description = "Keep the storage at the end; without it only when all is not well"},
               options->keep);
  command.flag({.names = "--json", .value = "", .description = "The report as one JSON object"},
               options->json);
  command.footer(
      "Runs a server of its own in DIR, on loopback ports that are free, with a next hop that\n"
      "misbehaves now and then. At the end everything that was answered with 250 must have "
      "arrived,\n"
      "octet by octet. Mail may be delivered twice after a kill, never zero times, and never "
      "twice\n"
      "when no kill explains it. Ctrl-C ends it early. Ends with 0 when all is well, else with 1.");
  command.run([options] { return torture_storage(*options); });
}

}  // namespace veredus::commands
