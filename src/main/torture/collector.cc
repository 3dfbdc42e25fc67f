#include "main/torture/collector.h"

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
};

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// Blocks. A mailbox that is not there yet is empty.
std::vector<Collected> empty_mailbox(const MailMaker& maker, const Collector::Mailbox& mailbox) {
  std::vector<Collected> collected;
  std::error_code error;
  fs::directory_iterator at(mailbox.folder + "/new", error);
  for (; !error && at != fs::directory_iterator() && collected.size() < kMailsOfOneRound;
       at.increment(error)) {
    std::string stored = read(at->path());
    Finding finding = maker.judge(mailbox.address, stored);
    if (finding.verdict == Verdict::intact) stored.clear();
    std::error_code ignored;  // What cannot be removed comes again, and is counted again.
    fs::remove(at->path(), ignored);
    collected.push_back({std::move(finding), std::move(stored)});
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
    for (const Collected& mail : collected) books_.book(mail.finding, mail.stored);
    count += collected.size();
  }
  co_return count;
}

}  // namespace veredus::torture
