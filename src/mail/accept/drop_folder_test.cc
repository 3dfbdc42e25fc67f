#include "mail/accept/drop_folder.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include <gtest/gtest.h>
#include <unistd.h>

#include "io/kernel_random.h"
#include "io/sim/world.h"
#include "io/temporary_folder.h"
#include "mail/accept/drop_file.h"
#include "storage/memory/memory_storage.h"

namespace veredus::accept {
namespace {

namespace fs = std::filesystem;

SharedSettings settings() {
  route::RouteConfig route;
  route.hostname = "mx.example";
  route.domains.emplace_back().name = "example.test";
  route.domains.front().mailboxes = {"you", "other"};
  route.domains.front().aliases = {{"sales", {"you", "other"}}};
  AcceptConfig accept;
  accept.hostname = "mx.example";
  accept.message_bytes_max = 2 * kMiB;
  accept.memory_bytes_max = 512 * 1024;
  return std::make_shared<const Settings>(
      accept, std::make_shared<const route::Router>(std::move(*route::Router::make(route))),
      policy::RelayRule(policy::RelayConfig{}));
}

class DropFolderTest : public testing::Test {
 protected:
  DropFolderTest() {
    queue_.connect(
        {.destination_of = [](const queue::Recipient&) { return std::string("nowhere"); },
         .start_worker = [](const std::string&) {},
         .compose_notice = {}});
    bool started = false;
    world_.spawn("start", start(*this, started));
    EXPECT_TRUE(world_.run_until([&] { return started; }));
  }
  ~DropFolderTest() override { world_.crash(); }

  static io::Task<> start(DropFolderTest& self, bool& started) {
    const Result<> queue = co_await self.queue_.start();
    const Result<> folder = co_await self.drop_.start(self.path());
    started = queue && folder;
  }
  static io::Task<> list(queue::Queue& queue, std::optional<std::vector<queue::Listed>>& into) {
    auto listed = co_await queue.list(QueueId{}, 100);
    into = listed ? *listed : std::vector<queue::Listed>();
  }

  std::string path() const { return temporary_.path() + "/drop"; }
  std::string path(const std::string& name) const { return path() + '/' + name; }
  void put(const std::string& octets) {
    ASSERT_TRUE(io::deposit(path(), octets, WallTime(std::chrono::seconds(++time_)), random_));
  }
  void put_mail(const std::vector<std::string>& recipients, const std::string& message) {
    DropFile file;
    file.sender = *smtp::ReversePath::parse("<me@example.test>");
    for (const std::string& recipient : recipients)
      file.recipients.push_back({*smtp::ForwardPath::parse('<' + recipient + '>'), {}});
    put(encode(std::move(file), message));
  }
  /// Files that wait to be taken in.
  std::size_t waiting() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        fs::directory_iterator(path()), [](const auto& entry) { return !entry.is_directory(); }));
  }
  std::size_t refused() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(path("bad")), fs::directory_iterator()));
  }
  bool all_taken() {
    return world_.run_until([&] { return waiting() == 0; });
  }
  std::vector<queue::Listed> queued() {
    std::optional<std::vector<queue::Listed>> listed;
    world_.spawn("list", list(queue_, listed));
    EXPECT_TRUE(world_.run_until([&] { return listed.has_value(); }));
    return *listed;
  }
  static std::string recipients(const queue::Listed& listed) {
    std::string out;
    for (const auto& recipient : listed.envelope.recipients) out += recipient.address.text() + ' ';
    return out;
  }

  io::TemporaryFolder temporary_;
  io::KernelRandom random_;
  std::int64_t time_ = 0;
  sim::World world_{1};
  io::System system_ = world_.system();
  storage::MemoryStorage storage_{system_.clock};
  queue::Queue queue_{queue::QueueConfig(), system_, storage_};
  DropFolder drop_{Surroundings{system_, queue_}, settings};
};

TEST_F(DropFolderTest, TakesMailInAndRemovesTheFile) {
  put_mail({"you@example.test"}, "Message-ID: <1@x>\r\n\r\nK\xC3\xB6ln\r\n");
  ASSERT_TRUE(all_taken());
  const auto mails = queued();
  ASSERT_EQ(mails.size(), 1U);
  const queue::Envelope& envelope = mails[0].envelope;
  EXPECT_EQ(envelope.sender.text(), "<me@example.test>");
  EXPECT_EQ(recipients(mails[0]), "you@example.test ");
  EXPECT_EQ(envelope.message_id, "<1@x>");
  EXPECT_EQ(envelope.body, smtp::Body::eight_bit_mime);
  EXPECT_EQ(envelope.origin.client, "user " + std::to_string(::geteuid()));
  EXPECT_EQ(refused(), 0U);
}

TEST_F(DropFolderTest, ExpandsAliasesAndKeepsRecipientsThatDoNotExist) {
  put_mail({"sales@example.test", "nobody@example.test", "far@away.example"}, "\r\nx\r\n");
  ASSERT_TRUE(all_taken());
  ASSERT_EQ(queued().size(), 1U);
  EXPECT_EQ(recipients(queued()[0]),
            "you@example.test other@example.test nobody@example.test far@away.example ");
}

TEST_F(DropFolderTest, TakesALargeMessageInPieces) {
  const std::string message = "\r\n" + std::string(900, 'x') + "\r\n";
  std::string large;
  while (large.size() < kMiB) large += message;
  put_mail({"you@example.test"}, large);
  ASSERT_TRUE(all_taken());
  ASSERT_EQ(queued().size(), 1U);
  EXPECT_GT(queued()[0].envelope.size, large.size());
  EXPECT_EQ(queued()[0].envelope.chunk_count, 5U);
}

TEST_F(DropFolderTest, PutsAsideWhatItCannotTakeAndGoesOn) {
  put("no drop file at all");
  put_mail({"you@example.test"}, "bare\nnewline\r\n");
  put_mail({"you@example.test"}, std::string("\r\nnul\0\r\n", 8));
  put_mail({"you@example.test"}, std::string(3 * kMiB, '\n'));
  put_mail({"you@example.test"}, std::string(70000, 'x') + "\r\n");
  std::string loop;
  for (int i = 0; i < 101; ++i) loop += "Received: by x\r\n";
  put_mail({"you@example.test"}, loop + "\r\n");
  put(std::string(5 * kMiB, 'x'));
  fs::create_symlink("/etc/passwd", path("link"));
  put_mail({"other@example.test"}, "\r\ngood\r\n");
  ASSERT_TRUE(all_taken());
  EXPECT_EQ(refused(), 8U);
  ASSERT_EQ(queued().size(), 1U);
  EXPECT_EQ(recipients(queued()[0]), "other@example.test ");
}

TEST_F(DropFolderTest, LeavesAFileWhereItIsUntilStorageTakesIt) {
  storage_.fail_commit(0, Fault::overloaded);
  put_mail({"you@example.test"}, "\r\nx\r\n");
  world_.run_for(std::chrono::seconds(1));
  EXPECT_EQ(waiting(), 1U);
  ASSERT_TRUE(all_taken());
  EXPECT_EQ(queued().size(), 1U);
  EXPECT_EQ(refused(), 0U);
}

TEST_F(DropFolderTest, TakesNothingAfterStop) {
  drop_.stop();
  world_.run_for(std::chrono::seconds(10));
  put_mail({"you@example.test"}, "\r\nx\r\n");
  world_.run_for(std::chrono::seconds(10));
  EXPECT_EQ(waiting(), 1U);
}

}  // namespace
}  // namespace veredus::accept
