// For tests of one session: a world on virtual time with a queue that nobody empties.

#pragma once

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "io/sim/world.h"
#include "io/stream_test_support.h"
#include "mail/accept/session.h"
#include "storage/memory/memory_storage.h"

namespace veredus::accept {

/// Mail from 127.0.0.0/8 may be relayed.
class OneSessionTest : public testing::Test {
 protected:
  OneSessionTest(route::RouteConfig route, AcceptConfig accept)
      : queue_(queue::QueueConfig(), system_, storage_) {
    queue_.connect(
        {.destination_of = [](const queue::Recipient&) { return std::string("nowhere"); },
         .start_worker = [](const std::string&) {},
         .compose_notice = {}});
    route.hostname = accept.hostname = "mx.example.test";
    settings_ = std::make_shared<const Settings>(
        accept, std::make_shared<const route::Router>(std::move(*route::Router::make(route))),
        policy::RelayRule(policy::RelayConfig{{*IpNetwork::parse("127.0.0.0/8")}}));
  }
  ~OneSessionTest() override { world_.crash(); }

  /// Until the session's end.
  void serve(std::unique_ptr<io::Stream> stream) {
    bool done = false;
    world_.spawn("session", serve(*this, std::move(stream), done));
    EXPECT_TRUE(world_.run_until([&] { return done; }));
  }

  sim::World world_{1};
  io::System system_ = world_.system();
  storage::MemoryStorage storage_{system_.clock};
  queue::Queue queue_;
  Surroundings surroundings_{system_, queue_};
  SharedSettings settings_;

 private:
  static io::Task<> serve(OneSessionTest& test, std::unique_ptr<io::Stream> stream, bool& done) {
    const Result<> begun = co_await test.queue_.start();
    EXPECT_TRUE(begun);
    Session session(test.surroundings_, test.settings_,
                    {.id = SessionId{1},
                     .port = {},
                     .stream = std::move(stream),
                     .reactor = *test.system_.reactors.front()});
    co_await session.run();
    done = true;
  }
};

}  // namespace veredus::accept
