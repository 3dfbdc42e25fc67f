// Real threads: deliveries on four reactors, written by workers. Under the thread sanitizer it
// shows that no data is shared by mistake.

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include "io/production.h"
#include "io/temporary_folder.h"
#include "mail/deliver/mailbox_writer.h"

namespace veredus::deliver {
namespace {

constexpr unsigned kReactors = 4;
constexpr int kCouriers = 40;
constexpr int kMessagesEach = 25;

class MailboxWriterThreads : public testing::Test {
 protected:
  MailboxWriterThreads() {
    outside_ = io::Production::make({.reactors = kReactors, .workers = 16, .dns = {}}).value();
  }

  std::string mailbox(int number) const {
    return folder_.path() + "/box" + std::to_string(number % 3);
  }

  io::Task<> deliver(MailboxWriter& writer, int courier) {
    for (int i = 0; i < kMessagesEach; ++i) {
      const std::string name = std::to_string(courier) + "." + std::to_string(i);
      const std::vector<Bytes> chunks{Bytes(name + "\r\n")};
      std::vector<MaildirPlace> places{{mailbox(i), name, ""}, {mailbox(i + 1), name, ""}};
      const std::vector<Result<>> results = co_await writer.write(std::move(places), chunks);
      for (const Result<>& written : results)
        if (written) ++written_;
    }
    ++ended_;
  }

  static bool wait_for(const std::function<bool()>& condition) {
    for (int i = 0; i < 6000 && !condition(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return condition();
  }

  io::TemporaryFolder folder_;
  std::atomic<int> written_ = 0;
  std::atomic<int> ended_ = 0;
  std::unique_ptr<io::Production> outside_;
};

TEST_F(MailboxWriterThreads, EverythingIsWrittenOnceAndEverybodyIsTold) {
  const io::System system = outside_->system();
  MailboxWriter writer(system);
  for (int courier = 0; courier < kCouriers; ++courier)
    system.reactors[static_cast<std::size_t>(courier) % kReactors]->spawn("test",
                                                                          deliver(writer, courier));
  EXPECT_TRUE(wait_for([this] { return ended_ == kCouriers; }));
  EXPECT_EQ(written_, 2 * kCouriers * kMessagesEach);
  std::size_t files = 0;
  for (int number = 0; number < 3; ++number) {
    const std::string folder = mailbox(number) + "/new";
    const auto names = system.files.list(folder).value_or(std::vector<std::string>());
    files += names.size();
    for (const std::string& name : names)
      EXPECT_EQ(system.files.read(folder + "/" + name).value_or(""), name + "\n");
  }
  EXPECT_EQ(files, 2U * kCouriers * kMessagesEach);
  outside_->stop();
}

}  // namespace
}  // namespace veredus::deliver
