#include "main/torture/collector.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "io/workers.h"

namespace veredus::torture {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMailsOfOneRound = 200;
constexpr std::chrono::milliseconds kPause{50};

struct Collected {
  Finding finding;
  std::string stored;  ///< Empty when it is intact.
  Duration age{};      ///< Since it was written.
};

struct Waiting {
  fs::file_time_type written;
  fs::path path;
};

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// The oldest that are there, in the order they were written: of two copies the first is to be
/// booked first.
std::vector<Waiting> look_into(const Collector::Mailbox& mailbox) {
  std::vector<Waiting> waiting;
  std::error_code error;
  for (fs::directory_iterator at(mailbox.folder + "/new", error);
       !error && at != fs::directory_iterator(); at.increment(error)) {
    std::error_code gone;
    const auto written = at->last_write_time(gone);
    if (!gone) waiting.push_back({written, at->path()});
  }
  std::ranges::sort(waiting, {}, &Waiting::written);
  if (waiting.size() > kMailsOfOneRound) waiting.resize(kMailsOfOneRound);
  return waiting;
}

/// Blocks. A mailbox that is not there yet is empty.
std::vector<Collected> empty_mailbox(const MailMaker& maker, const Collector::Mailbox& mailbox) {
  std::vector<Collected> collected;
  for (const Waiting& waiting : look_into(mailbox)) {
    std::string stored = read(waiting.path);
    Finding finding = maker.judge(mailbox.address, stored);
    if (finding.verdict == Verdict::intact) stored.clear();
    std::error_code ignored;  // What cannot be removed comes again, and is counted again.
    fs::remove(waiting.path, ignored);
    const auto age = fs::file_time_type::clock::now() - waiting.written;
    collected.push_back({std::move(finding), std::move(stored),
                         std::max(std::chrono::duration_cast<Duration>(age), Duration::zero())});
  }
  return collected;
}

}  // namespace

void Collector::start() { system_.reactors.front()->spawn("collector", work(*this)); }

io::Task<> Collector::work(Collector& collector) {
  for (;;) {
    const std::size_t count = co_await collector.collect();
    if (count > 0) {
      collector.empty_rounds_ = 0;
      continue;
    }
    ++collector.empty_rounds_;
    co_await collector.system_.clock.sleep_for(kPause);
  }
}

/// One round: some hundred mails of each mailbox at most. Returns how many.
io::Task<std::size_t> Collector::collect() {
  std::size_t count = 0;
  for (const Mailbox& mailbox : mailboxes_) {
    const std::vector<Collected> collected = co_await io::run_blocking(
        system_.workers, [this, &mailbox] { return empty_mailbox(books_.maker, mailbox); });
    const SteadyTime now = system_.clock.now();
    for (const Collected& mail : collected)
      books_.book(mail.finding, mail.stored, {now - mail.age, now - mail.age});
    count += collected.size();
  }
  co_return count;
}

}  // namespace veredus::torture
