#include "mail/accept/server.h"

#include <set>
#include <utility>

#include "base/log.h"
#include "mail/accept/session.h"

namespace veredus::accept {
namespace {

constexpr std::chrono::seconds kTurnAwayDeadline{10};
constexpr std::chrono::milliseconds kStopPoll{20};

/// Session ids go on from the time of start, so that a log over several runs has each id once.
std::uint64_t first_session_id(const io::Clock& clock) {
  const auto since =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock.wall().time_since_epoch());
  return static_cast<std::uint64_t>(since.count()) << 20;
}

}  // namespace

/// What one reactor has: its listeners and its sessions. Only touched on that reactor, but for
/// listeners being added before any client can come.
class Server::Door {
 public:
  explicit Door(io::Reactor& reactor) : reactor_(reactor) {}

  io::Reactor& reactor() noexcept { return reactor_; }
  io::Listener& add(std::unique_ptr<io::Listener> listener) {
    return *listeners_.emplace_back(std::move(listener));
  }
  /// Keeps a session known while it runs, however it ends.
  class Presence {
   public:
    Presence(Door& door, Session& session) : door_(door), session_(session) {
      door_.sessions_.insert(&session_);
      if (door_.closed_) session_.stop();
    }
    ~Presence() { door_.sessions_.erase(&session_); }
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

   private:
    Door& door_;
    Session& session_;
  };

  void close() {
    closed_ = true;
    for (const auto& listener : listeners_) listener->close();
    for (Session* session : sessions_) session->stop();
  }

 private:
  io::Reactor& reactor_;
  std::vector<std::unique_ptr<io::Listener>> listeners_;
  std::set<Session*> sessions_;
  bool closed_ = false;
};

Server::Server(const Surroundings& surroundings, SharedSettings settings)
    : surroundings_(surroundings),
      settings_(std::move(settings)),
      next_session_(first_session_id(surroundings.system.clock)) {
  for (io::Reactor* reactor : surroundings_.system.reactors)
    doors_.push_back(std::make_unique<Door>(*reactor));
}

Server::~Server() = default;

Result<io::Endpoint> Server::listen(const Listen& listen) {
  io::Endpoint found = listen.endpoint;
  for (const auto& door : doors_) {
    auto listener = surroundings_.system.network.listen(found);
    if (!listener) return fail(listener.error());
    found = (*listener)->local();
    io::Listener& kept = door->add(std::move(*listener));
    door->reactor().spawn("accept", take_clients(*this, *door, kept, listen.port));
    if (found.is_unix()) break;
  }
  return found;
}

void Server::replace(SharedSettings settings) { settings_.store(std::move(settings)); }

io::Task<> Server::take_clients(Server& server, Door& door, io::Listener& listener, Port port) {
  for (;;) {
    auto stream = co_await listener.accept();
    if (!stream) co_return;  // Closed: shutting down.
    door.reactor().spawn("session", serve(server, door, std::move(*stream), port));
  }
}

/// The session lives in this coroutine's frame.
io::Task<> Server::serve(Server& server, Door& door, std::unique_ptr<io::Stream> stream,
                         Port port) {
  const SharedSettings settings = server.settings_.load();
  const io::Endpoint client = stream->peer();
  const auto seat =
      server.limits_.enter(client, settings->accept, settings->relay.is_trusted(client));
  if (!seat) {
    log::warning("session_refused",
                 {{"client", client.text()}, {"sessions", server.session_count()}});
    const smtp::Reply reply(
        421, {4, 3, 2}, settings->accept.hostname + " has too many connections; try again later");
    co_await turn_away(std::move(stream), reply.render());
    co_return;
  }
  Session session(server.surroundings_, settings,
                  {.id = SessionId{server.next_session_++},
                   .port = port,
                   .stream = std::move(stream),
                   .reactor = door.reactor()});
  const Door::Presence presence(door, session);
  co_await session.run();
}

io::Task<> Server::turn_away(std::unique_ptr<io::Stream> stream, std::string reply) {
  const Result<> written = co_await stream->write_all({reply}, kTurnAwayDeadline);
  if (written) co_await stream->shutdown();
}

io::Task<> Server::stop() {
  for (const auto& door : doors_) door->reactor().post([&entry = *door] { entry.close(); });
  io::Clock& clock = surroundings_.system.clock;
  const SteadyTime until = clock.now() + settings_.load()->accept.stop_deadline;
  while (limits_.total() > 0 && clock.now() < until) co_await clock.sleep_for(kStopPoll);
  if (limits_.total() > 0) log::warning("sessions_cut", {{"sessions", limits_.total()}});
}

}  // namespace veredus::accept
