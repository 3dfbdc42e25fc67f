#include "main/commands/inquiry.h"

#include <memory>
#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "base/log.h"
#include "io/process.h"
#include "io/production.h"
#include "io/wait_for.h"
#include "mail/manage/control.h"
#include "mail/manage/requests.h"
#include "mail/route/router.h"
#include "main/assembly/residents.h"
#include "main/commands/existing_storage.h"
#include "storage/rocksdb/rocksdb_storage.h"

namespace veredus::commands {
namespace {

namespace json = boost::json;

using Line = std::function<void(std::string)>;

/// How long the server and its storage are asked in turn: one that starts or stops has the storage
/// open already, or still, while its socket does not answer.
constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::milliseconds kTurn{200};

class FunctionSink final : public manage::LineSink {
 public:
  explicit FunctionSink(const Line& line) : line_(line) {}
  io::Task<Result<>> put(std::string line) override {
    line_(std::move(line));
    co_return Result<>();
  }

 private:
  const Line& line_;
};

io::Task<Result<>> answer(const manage::Surroundings& surroundings, std::string request,
                          const Line& line) {
  FunctionSink sink(line);
  const Result<> answered = co_await manage::answer_request(surroundings, std::move(request), sink);
  co_return answered;
}

/// What the server would route by.
route::RouteConfig routes(const config::Config& config, const directory::Kept& kept,
                          const directory::Accounts& declared) {
  route::RouteConfig route = config.assembly().route;
  route.own_addresses = io::interface_addresses();
  return with_residents(std::move(route), kept, declared);
}

/// The domains, accounts and aliases of a storage that no server has open.
Result<std::unique_ptr<directory::Directory>> open_directory(const config::Config& config,
                                                             const io::System& system,
                                                             storage::Storage& storage) {
  auto opened = directory::Directory::open(config.assembly().directory, system, storage);
  if (!opened) return opened;
  directory::Directory& directory = **opened;
  directory.connect({.check = [config](const directory::Kept& kept,
                                       const directory::Accounts& declared) -> Result<> {
                       const auto router = route::Router::make(routes(config, kept, declared));
                       if (!router) return fail(Fault::refused, router.error().text());
                       return {};
                     },
                     .changed = {},
                     .is_configured =
                         [config](const std::string& domain) {
                           return is_configured(config.assembly().route, domain);
                         }});
  const Result<> loaded = io::wait_for(*system.reactors.front(), directory.load());
  if (!loaded) return fail(loaded.error());
  return opened;
}

/// Names next hops as the server would.
Result<queue::Queue::DestinationOf> naming(const config::Config& config,
                                           const directory::Directory& directory) {
  const route::RouteConfig route = routes(config, *directory.kept(), *directory.declared());
  auto router = route::Router::make(route);
  if (!router) return fail(router.error());
  const auto shared = std::make_shared<const route::Router>(std::move(*router));
  return [shared](const queue::Recipient& recipient) {
    const auto next_hop = shared->next_hop(recipient.address);
    return route::destination_name(next_hop ? *next_hop : route::NextHop(route::LocalMailbox{}));
  };
}

/// Answers from a storage that no server has open.
Result<> ask_storage(io::Production& production, const config::Config& config,
                     const std::string& request, const Line& line) {
  const io::System system = production.system();
  auto storage = open_existing_storage(config, system.workers, kTurn);
  if (!storage) return fail(storage.error());
  const auto directory = open_directory(config, system, **storage);
  if (!directory) return fail(directory.error());
  auto destination_of = naming(config, **directory);
  if (!destination_of) return fail(destination_of.error());
  const manage::Surroundings surroundings{.clock = system.clock,
                                          .storage = **storage,
                                          .queue = nullptr,
                                          .destination_of = std::move(*destination_of),
                                          .expire = config.queue.expire,
                                          .bounce_expire = config.queue.bounce_expire,
                                          .status = {},
                                          .directory = directory->get(),
                                          .workers = &system.workers};
  auto done = io::wait_for(*system.reactors.front(), answer(surroundings, request, line));
  production.stop();
  (*storage)->stop();
  production.clear();
  return done;
}

/// Tells progress from what was asked for.
void sort_line(const Inquiry& inquiry, std::string line) {
  if (!line.starts_with(R"({"progress":)")) return inquiry.line(std::move(line));
  if (!inquiry.progress) return;
  const json::value parsed = json::parse(line);
  const json::object& progress = parsed.at("progress").get_object();
  inquiry.progress(progress.at("looked_at").to_number<std::uint64_t>(),
                   progress.at("of").to_number<std::uint64_t>());
}

}  // namespace

Result<> inquire(const config::Config& config, const Inquiry& inquiry) {
  log::set_level(log::Level::error);
  auto production = io::Production::make({.reactors = 1, .workers = 1, .dns = {}});
  if (!production) return fail(production.error());
  const io::System system = (*production)->system();
  bool answered = false;
  const Line line = [&](std::string text) {
    answered = true;
    sort_line(inquiry, std::move(text));
  };
  for (const SteadyTime until = system.clock.now() + kPatience;;) {
    auto asked =
        io::wait_for(*system.reactors.front(),
                     manage::ask(system.network, config.control_socket(), inquiry.request, line));
    const bool nobody = !asked && !answered && asked.error().fault() == Fault::unavailable;
    if (!nobody) return asked;
    Result<> read = ask_storage(**production, config, inquiry.request, line);
    const bool in_use = !read && read.error().fault() == Fault::overloaded;
    if (!in_use || system.clock.now() > until) return read;
  }
}

}  // namespace veredus::commands
