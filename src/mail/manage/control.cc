#include "mail/manage/control.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/log.h"
#include "mail/manage/queue_view.h"

namespace veredus::manage {
namespace {

namespace json = boost::json;

constexpr std::size_t kRequestOctetsMax = 64 * 1024;
/// A message with all recipients that it may have.
constexpr std::size_t kAnswerOctetsMax = 16 * 1024 * 1024;
constexpr std::chrono::seconds kRequestDeadline{60};
constexpr std::chrono::seconds kAnswerDeadline{60};
constexpr std::size_t kPage = 200;

constexpr std::string_view kEnd = R"({"end":true})";

std::string request(std::string_view name) {
  return json::serialize(json::object{{"request", name}});
}

std::string failure(std::string_view text) {
  return json::serialize(json::object{{"error", text}});
}

/// The member `name` of a JSON object, when it is a string; else empty.
std::string string_in(const json::value& object, std::string_view name) {
  const json::object* members = object.if_object();
  const json::value* member = members == nullptr ? nullptr : members->if_contains(name);
  const json::string* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

}  // namespace

std::string list_request() { return request("queue_list"); }

std::string show_request(QueueId id) {
  return json::serialize(json::object{{"request", "queue_show"}, {"id", text(id)}});
}

Result<> ControlServer::listen(const io::Endpoint& socket) {
  auto listener = system_.network.listen(socket);
  if (!listener) return fail(listener.error());
  listener_ = std::move(*listener);
  system_.reactors.front()->spawn("control", take_clients(*this));
  return {};
}

void ControlServer::stop() {
  if (listener_) listener_->close();
}

io::Task<> ControlServer::take_clients(ControlServer& server) {
  for (;;) {
    auto client = co_await server.listener_->accept();
    if (!client) co_return;
    if (server.clients_ == kClientsMax) continue;  // Closes it.
    ++server.clients_;
    server.system_.reactors.front()->spawn("control", serve(server, std::move(*client)));
  }
}

io::Task<> ControlServer::serve(ControlServer& server, std::unique_ptr<io::Stream> stream) {
  io::Connection connection(std::move(stream));
  Result<> flushed;
  while (flushed) {
    auto line = co_await connection.read_line(kRequestOctetsMax, kRequestDeadline);
    if (!line) break;
    const Result<> answered = co_await server.answer(connection, std::move(*line));
    connection.put(answered ? kEnd : failure(answered.error().text()));
    connection.put("\r\n");
    flushed = co_await connection.flush(kAnswerDeadline);
  }
  --server.clients_;
}

io::Task<Result<>> ControlServer::answer(io::Connection& connection, std::string line) {
  boost::system::error_code error;
  const json::value request = json::parse(line, error);
  if (error) co_return fail(Fault::malformed, "not a JSON object: " + error.message());
  const std::string name = string_in(request, "request");
  if (name == "queue_list") {
    const Result<> listed = co_await list(connection);
    co_return listed;
  }
  if (name == "queue_show") {
    const auto id = parse_queue_id(string_in(request, "id"));
    if (!id) co_return fail(Fault::malformed, "not a queue id");
    const Result<> shown = co_await show(connection, *id);
    co_return shown;
  }
  co_return fail(Fault::malformed, "no such request: " + name);
}

io::Task<Result<>> ControlServer::list(io::Connection& connection) {
  for (QueueId from{};;) {
    const auto page = co_await queue_.list(from, kPage);
    if (!page) co_return fail(page.error());
    if (page->empty()) co_return Result<>();
    for (const queue::Listed& listed : *page)
      connection.put(to_json(listed, system_.clock.wall()) + "\r\n");
    from = QueueId{static_cast<std::uint64_t>(page->back().envelope.id) + 1};
    const Result<> flushed = co_await connection.flush(kAnswerDeadline);
    if (!flushed) co_return flushed;
  }
}

io::Task<Result<>> ControlServer::show(io::Connection& connection, QueueId id) {
  const auto found = co_await queue_.find(id);
  if (!found) co_return fail(found.error());
  if (*found) connection.put(to_json(**found, system_.clock.wall()) + "\r\n");
  co_return Result<>();
}

io::Task<Result<>> ask(io::Network& network, io::Endpoint socket, std::string request,
                       std::function<void(std::string)> line) {
  auto stream = co_await network.connect(std::move(socket), {});
  if (!stream) co_return fail(stream.error());
  io::Connection connection(std::move(*stream));
  connection.put(request + "\r\n");
  for (;;) {
    auto answer = co_await connection.read_line(kAnswerOctetsMax, kAnswerDeadline);
    if (!answer) co_return fail(answer.error());
    if (*answer == kEnd) co_return Result<>();
    if (answer->starts_with(R"({"error":)")) {
      boost::system::error_code error;
      co_return fail(Fault::refused, string_in(json::parse(*answer, error), "error"));
    }
    line(std::move(*answer));
  }
}

}  // namespace veredus::manage
