#include "mail/manage/control.h"

#include <array>
#include <stdexcept>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include "io/sim/world.h"
#include "mail/manage/manage_test_support.h"
#include "storage/memory/memory_storage.h"
#include "wire/mime/transfer_encoding.h"

namespace veredus::manage {
namespace {

namespace json = boost::json;
using namespace std::string_literals;

const io::Endpoint kSocket = *io::Endpoint::parse("192.0.2.1:4025");

std::string order(std::string_view what, std::string_view rest) {
  return R"({"request":"queue_order","what":")" + std::string(what) + R"(",)" + std::string(rest) +
         '}';
}

/// Counts how often something asks the reactor for an answer.
class CountingReactor final : public io::Reactor {
 public:
  explicit CountingReactor(io::Reactor& inner) : inner_(inner) {}

  void post(std::move_only_function<void()> work) override {
    ++posts_;
    inner_.post(std::move(work));
  }
  void spawn(std::string_view name, io::Task<> task) override {
    inner_.spawn(name, std::move(task));
  }
  std::size_t posts() const noexcept { return posts_; }

 private:
  io::Reactor& inner_;
  std::size_t posts_ = 0;
};

/// A queue of some messages that wait for next hops nobody works for, and its control socket.
/// Message i is for u<i>@d<i % 3>.example, the last ones for two recipients.
class ControlTest : public testing::Test {
 protected:
  struct Server {
    Server(const io::System& system, storage::MemoryStorage& disk)
        : queue(queue::QueueConfig(), system, disk),
          control(system, {.clock = system.clock,
                           .storage = disk,
                           .queue = &queue,
                           .destination_of = mx_of,
                           .expire = std::chrono::hours(120),
                           .bounce_expire = std::chrono::hours(24),
                           .status = [this] {
                             if (status_throws) throw std::runtime_error("planted");
                             return Status{.messages = queue.messages()};
                           }}) {
      queue.connect({.destination_of = mx_of,
                     .start_worker = [](const std::string&) {},
                     .compose_notice = [](const queue::NoticeRequest&) -> Result<queue::Message> {
                       return fail(Fault::refused, "nobody is told");
                     }});
    }
    queue::Queue queue;
    ControlServer control;
    bool status_throws = false;
  };

  ControlTest() : disk_(world_.system().clock) {
    server_ = world_.server()
                  .own<std::unique_ptr<Server>>(std::make_unique<Server>(system(), disk_))
                  .get();
    world_.spawn("start", start(*this));
    world_.run_until([this] { return ready_; });
  }

  /// The server's, with a reactor that counts.
  io::System system() {
    const io::System system = world_.system();
    return {system.clock,   system.random, system.network, system.resolver,
            system.workers, system.files,  reactors_};
  }

  static io::Task<> start(ControlTest& test) {
    const Result<> started = co_await test.server_->queue.start();
    EXPECT_TRUE(started);
    const Result<> listening = test.server_->control.listen(kSocket);
    EXPECT_TRUE(listening);
    for (int i = 0; i < kMessages; ++i) {
      const Result<> queued = co_await test.server_->queue.submit(test.message(i));
      EXPECT_TRUE(queued);
    }
    test.ready_ = true;
  }

  queue::Message message(int number) {
    const std::string name = "u" + std::to_string(number);
    std::vector<std::string> recipients{name + "@d" + std::to_string(number % 3) + ".example"};
    if (number == kMessages - 1) recipients.push_back(name + "@other.example");
    queue::Message message;
    message.envelope = listed_message("01J8XK3F2Q7RM", "me@client.example", recipients).envelope;
    message.envelope.id = server_->queue.new_id();
    message.envelope.received_at = world_.system().clock.wall();
    if (number == 8) message.envelope.recipients.front().original = "sales@example.test";
    message.chunks.emplace_back("Subject: x\r\n\r\n\xff\0\n"s);
    message.envelope.size = message.chunks.front().size();
    ids_.push_back(message.envelope.id);
    return message;
  }

  /// Asks, and returns what it gave; what came as progress is apart from the rest.
  Result<> ask_server(std::string request) {
    answers_.clear();
    progress_.clear();
    std::optional<Result<>> result;
    world_.outside().spawn(
        "ask", run(world_.outside().system().network, std::move(request), *this, result));
    world_.run_until([&] { return result.has_value(); });
    return *result;
  }

  static io::Task<> run(io::Network& network, std::string request, ControlTest& test,
                        std::optional<Result<>>& result) {
    result = co_await ask(network, kSocket, std::move(request), [&test](std::string line) {
      json::object object = object_of(line);
      if (object.contains("progress"))
        test.progress_.push_back(object.at("progress").as_object());
      else
        test.answers_.push_back(std::move(object));
    });
  }

  /// The `total` of an order that must work.
  json::object ordered(const std::string& request) {
    const Result<> asked = ask_server(request);
    EXPECT_TRUE(asked) << asked.error().text();
    if (!asked || answers_.empty()) return {};
    return answers_.back().at("total").as_object();
  }

  std::size_t listed(const std::string& filter) {
    EXPECT_TRUE(ask_server(R"({"request":"queue_list","filter":)" + filter + '}'));
    return answers_.size();
  }

  std::string id(std::size_t number) const { return text(ids_[number]); }

  static constexpr int kMessages = 450;  // More than two pages.
  sim::World world_{1};
  CountingReactor reactor_{*world_.system().reactors.front()};
  std::array<io::Reactor*, 1> reactors_{&reactor_};
  storage::MemoryStorage disk_;
  Server* server_ = nullptr;
  std::vector<QueueId> ids_;
  std::vector<json::object> answers_;
  std::vector<json::object> progress_;
  bool ready_ = false;
};

TEST_F(ControlTest, ListsEveryMessageOnceInOrder) {
  ASSERT_TRUE(ask_server(R"({"request":"queue_list"})"));
  ASSERT_EQ(answers_.size(), ids_.size());
  for (std::size_t i = 0; i < ids_.size(); ++i) EXPECT_EQ(answers_[i].at("id").as_string(), id(i));
  ASSERT_EQ(progress_.size(), 3U);
  EXPECT_EQ(progress_.back().at("looked_at").as_int64(), kMessages);
  EXPECT_EQ(progress_.back().at("of").to_number<int>(), kMessages);
}

TEST_F(ControlTest, ListsWhatAFilterMeansUpToALimit) {
  EXPECT_EQ(listed(R"({"domain":"d1.example"})"), 150U);
  EXPECT_EQ(listed(R"({"recipient":"u44*@*"})"), 11U);
  EXPECT_EQ(listed(R"({"ids":[")" + id(7) + R"(","01J8XK3F2Q7RM"]})"), 1U);
  EXPECT_EQ(listed(R"({"domain":"other.example"})"), 1U);
  EXPECT_EQ(answers_[0].at("recipients").as_array().size(), 1U);
  ASSERT_TRUE(ask_server(R"({"request":"queue_list","limit":3,"filter":{"domain":"d1.example"}})"));
  EXPECT_EQ(answers_.size(), 3U);
}

TEST_F(ControlTest, CountsInGroups) {
  ASSERT_TRUE(ask_server(R"({"request":"queue_count"})"));
  ASSERT_EQ(answers_.size(), 5U);
  EXPECT_EQ(answers_[0].at("group").as_string(), "mx:d0.example");
  EXPECT_EQ(answers_[0].at("messages").to_number<int>(), 150);
  EXPECT_EQ(answers_[4].at("total").at("messages").to_number<int>(), kMessages);
  EXPECT_EQ(answers_[4].at("total").at("recipients").to_number<int>(), kMessages + 1);
}

TEST_F(ControlTest, ShowsOneOrNone) {
  ASSERT_TRUE(ask_server(R"({"request":"queue_show","id":")" + id(7) + R"("})"));
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0].at("id").as_string(), id(7));
  EXPECT_EQ(answers_[0].at("events").as_array()[0].at("event").as_string(), "accepted");
  ASSERT_TRUE(ask_server(R"({"request":"queue_show","id":"0000000000001"})"));
  EXPECT_TRUE(answers_.empty());
}

TEST_F(ControlTest, CatGivesTheOctetsAsTheyAre) {
  ASSERT_TRUE(ask_server(R"({"request":"queue_cat","id":")" + id(7) + R"("})"));
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(mime::decode_base64(answers_[0].at("octets").as_string()),
            "Subject: x\r\n\r\n\xff\0\n"s);
}

TEST_F(ControlTest, OrdersChangeWhatTheFilterMeansAndNothingElse) {
  const json::object total = ordered(order("hold", R"("filter":{"domain":"d1.example"})"));
  EXPECT_EQ(total.at("messages").to_number<int>(), 150);
  EXPECT_EQ(total.at("changed").to_number<int>(), 150);
  EXPECT_EQ(listed(R"({"state":"held"})"), 150U);
  EXPECT_EQ(listed(R"({"state":"held","domain":"d1.example"})"), 150U);
  EXPECT_EQ(ordered(order("release", R"("all":true)")).at("changed").to_number<int>(), 150);
  EXPECT_EQ(listed(R"({"state":"held"})"), 0U);
}

TEST_F(ControlTest, ADryRunListsAndChangesNothing) {
  const json::object total =
      ordered(order("remove", R"("dry_run":true,"filter":{"domain":"other.example"})"));
  EXPECT_EQ(total.at("recipients").to_number<int>(), 1);
  EXPECT_EQ(total.at("changed").to_number<int>(), 0);
  ASSERT_EQ(answers_.size(), 2U);
  EXPECT_EQ(answers_[0].at("recipients").as_array().size(), 1U);
  EXPECT_EQ(listed("{}"), static_cast<std::size_t>(kMessages));
}

TEST_F(ControlTest, RemovesOneRecipientOfAMessageAndThenTheMessage) {
  ordered(order("remove", R"("filter":{"domain":"other.example"})"));
  EXPECT_EQ(listed(R"({"domain":"other.example","state":"pending"})"), 0U);
  EXPECT_EQ(listed("{}"), static_cast<std::size_t>(kMessages));
  ASSERT_TRUE(ask_server(R"({"request":"queue_count"})"));
  EXPECT_EQ(answers_.size(), 4U) << "what is over is not counted";
  EXPECT_EQ(answers_.back().at("total").at("recipients").to_number<int>(), kMessages);
  ordered(order("remove", R"("filter":{"ids":[")" + id(kMessages - 1) + R"("]})"));
  EXPECT_EQ(listed("{}"), static_cast<std::size_t>(kMessages - 1));
}

TEST_F(ControlTest, ARetryTellsWhatItCannotHelp) {
  ordered(order("hold", R"("filter":{"domain":"d1.example"})"));
  ASSERT_TRUE(ask_server(R"({"request":"destination_pause","destination":"d2.example"})"));
  EXPECT_TRUE(answers_[0].at("was_known").as_bool());
  const json::object total = ordered(order("retry", R"("all":true)"));
  EXPECT_EQ(total.at("held").to_number<int>(), 150);
  EXPECT_EQ(total.at("changed").to_number<int>(), kMessages + 1 - 150);
  EXPECT_EQ(json::serialize(total.at("paused_destinations")), R"(["mx:d2.example"])");
  ASSERT_TRUE(ask_server(R"({"request":"destination_pause","destination":"far.example"})"));
  EXPECT_FALSE(answers_[0].at("was_known").as_bool());
}

TEST_F(ControlTest, ReroutesAndBack) {
  const std::string ids = R"("filter":{"ids":[")" + id(0) + R"("]})";
  ordered(order("reroute", R"("to":"Relay.example:587",)" + ids));
  EXPECT_EQ(listed(R"({"destination":"smtp:relay.example:587"})"), 1U);
  EXPECT_EQ(answers_[0].at("recipients").as_array()[0].at("rerouted").as_bool(), true);
  ordered(order("reroute", ids));
  EXPECT_EQ(listed(R"({"destination":"relay.example"})"), 0U);
}

TEST_F(ControlTest, OrdersByIdTellWhatIsMissing) {
  const json::object total =
      ordered(order("retry", R"("filter":{"ids":["01J8XK3F2Q7RM",")" + id(3) + R"("]})"));
  EXPECT_EQ(json::serialize(total.at("missing")), R"(["01J8XK3F2Q7RM"])");
  EXPECT_EQ(total.at("changed").to_number<int>(), 1);
}

TEST_F(ControlTest, PausesAndResumesDestinations) {
  ASSERT_TRUE(ask_server(R"({"request":"destination_pause","destination":"D1.example"})"));
  EXPECT_EQ(json::serialize(answers_[0]),
            R"({"destination":"mx:d1.example","paused":true,"was_known":true})");
  ASSERT_TRUE(ask_server(R"({"request":"destination_list"})"));
  ASSERT_EQ(answers_.size(), 4U);
  EXPECT_EQ(answers_[1].at("paused").as_bool(), true);
  EXPECT_EQ(answers_[1].at("messages").to_number<int>(), 150);
  ASSERT_TRUE(ask_server(R"({"request":"queue_why","subject":")" + id(1) + R"("})"));
  EXPECT_EQ(answers_[0].at("blocker").as_string(), "destination_paused");
  ASSERT_TRUE(ask_server(R"({"request":"destination_resume","destination":"mx:d1.example"})"));
  ASSERT_TRUE(ask_server(R"({"request":"destination_list"})"));
  EXPECT_EQ(answers_[1].at("paused").as_bool(), false);
}

TEST_F(ControlTest, SaysWhyOfAMessageAnAddressAndADomain) {
  for (const auto& [subject, want] :
       {std::pair{id(5), "from <me@client.example> to <u5@d2.example>"},
        std::pair{std::string("u5@d2.example"), "to <u5@d2.example>"},
        std::pair{std::string("me@client.example"), "150 messages (150 recipients) wait for"},
        std::pair{std::string("d2.example"), "wait for mx:d2.example; the oldest came at"},
        std::pair{std::string("mx:d2.example"), "wait for mx:d2.example"},
        std::pair{std::string("none.example"), "Nothing in the queue is for none.example."},
        std::pair{std::string("no@d2.example"), "Nothing in the queue is from or for"}}) {
    ASSERT_TRUE(ask_server(R"({"request":"queue_why","subject":")" + subject + R"("})"));
    ASSERT_FALSE(answers_.empty()) << subject;
    const std::string said(answers_[0].at("text").as_string());
    EXPECT_NE(said.find(want), std::string::npos) << said;
  }
}

TEST_F(ControlTest, TracesWhatWaits) {
  for (const std::string& subject : {id(5), std::string("u5@d2.example")}) {
    ASSERT_TRUE(ask_server(R"({"request":"trace","subject":")" + subject + R"("})"));
    ASSERT_EQ(answers_.size(), 1U) << subject;
    EXPECT_EQ(answers_[0].at("id").as_string(), id(5));
    EXPECT_EQ(answers_[0].at("in_queue").as_bool(), true);
    EXPECT_EQ(answers_[0].at("events").as_array()[0].at("event").as_string(), "accepted");
    EXPECT_EQ(answers_[0].at("next").as_array().size(), 1U);
  }
}

TEST_F(ControlTest, TracesAnAddressThatAnAliasStandsFor) {
  ASSERT_TRUE(ask_server(R"({"request":"trace","subject":"sales@example.test"})"));
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0].at("id").as_string(), id(8));
}

/// The destinations are looked at once, not once for each message: there may be very many of both.
TEST_F(ControlTest, TracingManyMessagesAsksForTheDestinationsOnce) {
  const std::size_t before = reactor_.posts();
  ASSERT_TRUE(ask_server(R"({"request":"trace","subject":"me@client.example"})"));
  EXPECT_EQ(answers_.size(), static_cast<std::size_t>(kMessages));
  EXPECT_LT(reactor_.posts() - before, 20U);
}

/// What goes wrong with one client takes no place from the others.
TEST_F(ControlTest, AnExceptionLeaksNoPlace) {
  server_->status_throws = true;
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(ask_server(R"({"request":"status"})"));
  server_->status_throws = false;
  EXPECT_TRUE(ask_server(R"({"request":"status"})"));
  EXPECT_EQ(world_.failures().size(), 50U);
}

TEST_F(ControlTest, TellsItsStatus) {
  ASSERT_TRUE(ask_server(R"({"request":"status"})"));
  EXPECT_EQ(json::serialize(answers_.at(0)),
            R"({"messages":450,"sessions":0,"storage":{"commits":0,"writes":0,"flushes":0}})");
}

TEST_F(ControlTest, BadRequestsAreToldWhatIsWrong) {
  for (const auto& [request, want] : std::initializer_list<std::pair<std::string, const char*>>{
           {"hello", "not a JSON object"},
           {"[1]", "not a JSON object"},
           {R"({"request":"dance"})", "no such request: dance"},
           {R"({"request":7})", "no such request"},
           {R"({"request":"queue_list","filter":7})", "filter: expected an object"},
           {R"({"request":"queue_list","filter":{"x":"y"}})", "no such filter: x"},
           {R"({"request":"queue_list","limit":0})", "limit: expected a number"},
           {R"({"request":"queue_list","limit":"7"})", "limit: expected a number"},
           {R"({"request":"queue_count","by":"colour"})", "by: expected destination"},
           {R"({"request":"queue_show","id":"x"})", "x is not a queue id"},
           {R"({"request":"queue_cat","id":"0000000000001"})", "is not in the queue"},
           {R"({"request":"queue_why"})", "subject: expected"},
           {R"({"request":"queue_why","subject":"0000000000001"})", "is not in the queue"},
           {R"({"request":"trace","subject":"far.example"})", "subject: expected"},
           {R"({"request":"trace","subject":"a@b.example","since":"x"})", "since: expected"},
           {R"({"request":"destination_pause"})", "is neither a destination"},
           {R"({"request":"destination_pause","destination":"smtp:x:y"})", "neither a destination"},
           {order("retry", R"("filter":{})"), "say that all are meant"},
           {order("dance", R"("all":true)"), "what: expected retry"},
           {order("retry", R"("all":true,"to":"relay.example")"), "to: only for reroute"},
           {order("reroute", R"("all":true,"to":"a b")"), "to: expected host:port"}}) {
    const Result<> asked = ask_server(request);
    ASSERT_FALSE(asked) << request;
    EXPECT_EQ(asked.error().fault(), Fault::refused);
    EXPECT_NE(asked.error().text().find(want), std::string::npos) << asked.error().text();
  }
  EXPECT_EQ(listed("{}"), static_cast<std::size_t>(kMessages));
}

io::Task<> answer_into(const Surroundings& surroundings, std::string request, LineSink& sink,
                       std::optional<Result<>>& result) {
  result = co_await answer_request(surroundings, std::move(request), sink);
}

/// Asks for a long list, looks away, and then reads what there is.
io::Task<> ask_and_look_away(io::Network& network, io::Clock& clock,
                             std::optional<std::string>& received) {
  auto stream = co_await network.connect(kSocket, {});
  if (!stream) co_return;
  io::Connection connection(std::move(*stream));
  connection.put("{\"request\":\"queue_list\"}\r\n");
  const Result<> asked = co_await connection.flush(std::chrono::seconds(10));
  EXPECT_TRUE(asked);
  co_await clock.sleep_for(std::chrono::minutes(5));
  std::string all;
  for (;;) {
    const auto line = co_await connection.read_line(1'000'000, std::chrono::seconds(10));
    if (!line) break;
    all += *line;
  }
  received = std::move(all);
}

TEST_F(ControlTest, AClientThatReadsNothingIsCutOffAndHindersNobody) {
  std::optional<std::string> received;
  const io::System outside = world_.outside().system();
  world_.outside().spawn("lazy", ask_and_look_away(outside.network, outside.clock, received));
  world_.run_for(std::chrono::seconds(5));
  EXPECT_EQ(listed("{}"), static_cast<std::size_t>(kMessages));
  world_.run_until([&] { return received.has_value(); }, std::chrono::minutes(10));
  ASSERT_TRUE(received);
  EXPECT_FALSE(received->empty());
  EXPECT_EQ(received->find(R"("end":true)"), std::string::npos);
}

TEST_F(ControlTest, NobodyListensAfterStop) {
  world_.system().reactors.front()->post([this] { server_->control.stop(); });
  world_.run_for(std::chrono::seconds(1));
  const Result<> asked = ask_server(R"({"request":"queue_list"})");
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().fault(), Fault::unavailable);
}

/// The same requests, answered from storage while no server runs.
TEST_F(ControlTest, WithoutAServerStorageAnswersAndNothingIsChanged) {
  class Lines final : public LineSink {
   public:
    io::Task<Result<>> put(std::string line) override {
      all.push_back(object_of(line));
      co_return Result<>();
    }
    std::vector<json::object> all;
  };
  const Surroundings stored{.clock = world_.system().clock,
                            .storage = disk_,
                            .queue = nullptr,
                            .destination_of = mx_of,
                            .expire = std::chrono::hours(120),
                            .bounce_expire = std::chrono::hours(24),
                            .status = {}};
  const auto asked = [&](const std::string& request, Lines& lines) {
    std::optional<Result<>> result;
    world_.spawn("ask", answer_into(stored, request, lines, result));
    world_.run_until([&] { return result.has_value(); });
    return *result;
  };
  Lines lines;
  ASSERT_TRUE(asked(R"({"request":"queue_list"})", lines));
  EXPECT_EQ(lines.all.size(), static_cast<std::size_t>(kMessages) + 3);
  lines.all.clear();
  ASSERT_TRUE(asked(R"({"request":"queue_why","subject":")" + id(0) + R"("})", lines));
  EXPECT_EQ(lines.all[0].at("blocker").as_string(), "no_server");
  lines.all.clear();
  ASSERT_TRUE(asked(R"({"request":"queue_cat","id":")" + id(0) + R"("})", lines));
  EXPECT_EQ(lines.all.size(), 1U);
  for (const char* request : {R"({"request":"queue_order","what":"retry","all":true})",
                              R"({"request":"status"})", R"({"request":"destination_list"})",
                              R"({"request":"destination_pause","destination":"d1.example"})"}) {
    const Result<> refused = asked(request, lines);
    ASSERT_FALSE(refused) << request;
    EXPECT_NE(refused.error().text().find("no server runs"), std::string::npos);
  }
}

}  // namespace
}  // namespace veredus::manage
