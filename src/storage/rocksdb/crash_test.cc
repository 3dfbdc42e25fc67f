// kill -9 at any moment: what was acknowledged is there, and no batch is torn.
//
// The child is this program again (fork without exec would leave RocksDB without its threads). It
// commits and removes messages and reports each step through descriptor 3.

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <map>
#include <random>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/journal/segment_file.h"
#include "storage/rocksdb/test_support.h"

namespace veredus::storage {
namespace {

using support::small_storage;
using support::TemporaryFolder;
using support::World;

constexpr int kReportDescriptor = 3;
constexpr int kRounds = 25;
constexpr std::uint64_t kRecipients = 3;

enum class Step : std::uint8_t { committed = 1, removing, removed };

struct Event {
  std::uint64_t id;
  Step step;
};

std::string key_of(std::uint64_t id) {
  std::string digits = std::to_string(id);
  return std::string(20 - digits.size(), '0') + digits;
}
std::string state_key(std::uint64_t id, std::uint64_t recipient) {
  return key_of(id) + "/" + std::to_string(recipient);
}
std::string body_of(std::uint64_t id) { return std::string(100 + id % 9000, 'a') + key_of(id); }
/// Every eighth body is streamed in, its first chunk ahead of the batch.
bool is_streamed(std::uint64_t id) { return id % 8 == 0; }
std::uint32_t chunks_of(std::uint64_t id) { return is_streamed(id) ? 2 : 1; }

/// Segments so small that they are made, removed and used again all the time.
RocksdbOptions crash_storage(std::string path) {
  RocksdbOptions options = small_storage(std::move(path));
  options.segment_bytes = 64 * 1024;
  return options;
}

void report(std::uint64_t id, Step step) {
  const Event event{id, step};
  if (::write(kReportDescriptor, &event, sizeof(event)) != sizeof(event)) std::abort();
}

Batch message(std::uint64_t id) {
  Batch batch;
  batch.expect(Space::queue, key_of(id), false);
  batch.put(Space::queue, key_of(id), Bytes(key_of(id)));
  for (std::uint64_t recipient = 0; recipient < kRecipients; ++recipient) {
    batch.put(Space::queue_state, state_key(id, recipient), Bytes(std::string("pending")));
  }
  batch.put_blob(BlobId{id}, chunks_of(id) - 1, {Bytes(body_of(id))});
  return batch;
}

Batch removal(std::uint64_t id) {
  Batch batch;
  batch.erase(Space::queue, key_of(id));
  for (std::uint64_t recipient = 0; recipient < kRecipients; ++recipient) {
    batch.erase(Space::queue_state, state_key(id, recipient));
  }
  batch.erase_blob(BlobId{id}, chunks_of(id));
  return batch;
}

/// Takes ids `first`, `first + stride`, ... in, and removes all but few soon after.
io::Task<bool> work_for_ever(RocksdbStorage& storage, std::uint64_t first, std::uint64_t stride) {
  for (std::uint64_t id = first;; id += stride) {
    if (is_streamed(id)) {
      Result<> appended = co_await storage.append(BlobId{id}, 0, Bytes(body_of(id)));
      if (!appended) std::abort();
    }
    Result<> committed = co_await storage.commit(message(id));
    if (!committed) std::abort();
    report(id, Step::committed);
    if (id % 40 == 0) continue;
    report(id, Step::removing);
    Result<> removed = co_await storage.commit(removal(id));
    if (!removed) std::abort();
    report(id, Step::removed);
  }
}

/// Not a test: what the killed process runs.
TEST(CrashChild, DISABLED_WorksUntilKilled) {
  const char* path = std::getenv("VEREDUS_CRASH_PATH");
  const char* first = std::getenv("VEREDUS_CRASH_FIRST_ID");
  ASSERT_TRUE(path && first) << "only the crash test starts this";
  constexpr std::uint64_t kTasks = 10;
  World world(crash_storage(path));
  std::vector<std::future<bool>> tasks;
  for (std::uint64_t task = 0; task < kTasks; ++task) {
    tasks.push_back(world.start(
        work_for_ever(world.storage(), std::strtoull(first, nullptr, 10) + task, kTasks),
        task % 2));
  }
  for (;;) {  // As often as can be, so that it is killed in that too.
    if (!world.storage().reclaim()) std::abort();
  }
}

/// A running child and the pipe it reports through.
class Child {
 public:
  Child(const std::string& path, std::uint64_t first_id) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
    read_end_ = ends[0];
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], kReportDescriptor);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    ::setenv("VEREDUS_CRASH_PATH", path.c_str(), 1);
    ::setenv("VEREDUS_CRASH_FIRST_ID", std::to_string(first_id).c_str(), 1);
    std::string name = "crash-child";
    std::string filter = "--gtest_filter=CrashChild.*";
    std::string disabled = "--gtest_also_run_disabled_tests";
    std::array<char*, 4> arguments{name.data(), filter.data(), disabled.data(), nullptr};
    const int error =
        ::posix_spawn(&process_, "/proc/self/exe", &actions, nullptr, arguments.data(), ::environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (error != 0) std::abort();
  }
  ~Child() { ::close(read_end_); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// The next thing the child says; nothing when it is dead and all is read.
  std::optional<Event> next() {
    Event event{};
    if (::read(read_end_, &event, sizeof(event)) != sizeof(event)) return std::nullopt;
    return event;
  }
  void kill() {
    ::kill(process_, SIGKILL);
    int status = 0;
    ::waitpid(process_, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: status " << status;
  }

 private:
  pid_t process_ = 0;
  int read_end_ = -1;
};

using Told = std::map<std::uint64_t, Step>;

/// Lets a child work for a while after its first commit, kills it, and notes what it said.
void run_and_kill(const std::string& path, std::uint64_t first_id,
                  std::chrono::milliseconds work_time, Told& told) {
  Child child(path, first_id);
  std::optional<Event> event = child.next();
  ASSERT_TRUE(event) << "the child said nothing";
  std::thread killer([&] {
    std::this_thread::sleep_for(work_time);
    child.kill();
  });
  for (; event; event = child.next()) told[event->id] = event->step;
  killer.join();
}

/// Everything of the message is there, or nothing; whether it is.
io::Task<Result<bool>> is_there_whole(RocksdbStorage& storage, std::uint64_t id) {
  auto envelope = co_await storage.get(Space::queue, key_of(id));
  if (!envelope) co_return fail(envelope.error());
  const bool there = envelope->has_value();
  for (std::uint64_t recipient = 0; recipient < kRecipients; ++recipient) {
    auto state = co_await storage.get(Space::queue_state, state_key(id, recipient));
    if (!state) co_return fail(state.error());
    if (state->has_value() != there) co_return fail(Fault::unavailable, "torn: states");
  }
  for (std::uint32_t chunk = 0; chunk < chunks_of(id); ++chunk) {
    auto body = co_await storage.read(BlobId{id}, chunk);
    if (body.has_value() != there) co_return fail(Fault::unavailable, "torn: body");
    if (body && body->view() != body_of(id)) co_return fail(Fault::unavailable, "other octets");
  }
  co_return there;
}

void verify(const std::string& path, const Told& told) {
  World world(crash_storage(path));
  std::uint64_t wrong = 0;
  for (const auto& [id, step] : told) {
    const Result<bool> there = world.run(is_there_whole(world.storage(), id));
    if (!there) FAIL() << "message " << id << ": " << there.error().text();
    if (step == Step::committed && !*there) ++wrong;
    if (step == Step::removed && *there) ++wrong;
  }
  EXPECT_EQ(wrong, 0U);
  // Also of messages that we were not told about: no body without its envelope, no gap.
  const Result<Report> report = world.storage().check([&](BlobId id) {
    return world.run(world.storage().get(Space::queue, key_of(std::to_underlying(id))))
        ->has_value();
  });
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->orphan_chunks, 0U);
  EXPECT_EQ(report->missing_chunks, 0U);
  EXPECT_EQ(report->states, report->messages * kRecipients);
  EXPECT_EQ(report->blobs, report->messages);
}

TEST(Crash, NothingAcknowledgedIsLostAndNoBatchIsTorn) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const TemporaryFolder folder;
  Told told;
  const std::string journal = folder.path() + "/journal";
  std::size_t acknowledged = 0;
  std::size_t spares = 0;
  for (std::uint64_t round = 1; round <= kRounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    Told told_now;
    const auto work_time = std::chrono::milliseconds(random() % 150);
    ASSERT_NO_FATAL_FAILURE(
        run_and_kill(folder.path(), round * 1'000'000'000, work_time, told_now));
    ASSERT_NO_FATAL_FAILURE(verify(folder.path(), told_now));
    acknowledged += told_now.size();
    spares += journal::list_spares(journal)->size();
    told.merge(told_now);
  }
  verify(folder.path(), told);
  EXPECT_GT(acknowledged, std::size_t{kRounds});
  // Its files were made, removed and put aside all the while, not only written.
  EXPECT_GT(spares, 0U);
  EXPECT_GT(journal::list_segments(journal)->back(), std::uint64_t{2 * kRounds});
}

}  // namespace
}  // namespace veredus::storage
