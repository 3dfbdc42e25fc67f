#include "mail/manage/control.h"

#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/log.h"
#include "mail/manage/json_text.h"

namespace veredus::manage {
namespace {

namespace json = boost::json;

constexpr std::size_t kRequestOctetsMax = 64 * 1024;
/// A message with all recipients that it may have.
constexpr std::size_t kAnswerOctetsMax = 16 * 1024 * 1024;
constexpr std::chrono::seconds kRequestDeadline{60};
constexpr std::chrono::seconds kAnswerDeadline{60};
/// So much of an answer is put together before it is sent.
constexpr std::size_t kFlushOctets = 64 * 1024;

constexpr std::string_view kEnd = R"({"end":true})";

std::string failure(std::string_view text) {
  return json::serialize(json::object{{"error", shown(text)}});
}

/// Lines to a client, who must take them within the deadline.
class ConnectionSink final : public LineSink {
 public:
  explicit ConnectionSink(io::Connection& connection) : connection_(connection) {}

  io::Task<Result<>> put(std::string line) override {
    connection_.put(line);
    connection_.put("\r\n");
    unsent_ += line.size();
    if (unsent_ < kFlushOctets) co_return Result<>();
    unsent_ = 0;
    const Result<> flushed = co_await connection_.flush(kAnswerDeadline);
    co_return flushed;
  }

 private:
  io::Connection& connection_;
  std::size_t unsent_ = 0;
};

}  // namespace

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
    if (server.seats_.use_count() > kClientsMax) continue;  // Closes it.
    server.system_.reactors.front()->spawn("control",
                                           serve(server, std::move(*client), server.seats_));
  }
}

io::Task<> ControlServer::serve(ControlServer& server, std::unique_ptr<io::Stream> stream,
                                std::shared_ptr<const Seats> /*seat*/) {
  io::Connection connection(std::move(stream));
  Result<> flushed;
  while (flushed) {
    auto line = co_await connection.read_line(kRequestOctetsMax, kRequestDeadline);
    if (!line) break;
    ConnectionSink sink(connection);
    const Result<> answered = co_await answer_request(server.surroundings_, std::move(*line), sink);
    connection.put(answered ? kEnd : failure(answered.error().text()));
    connection.put("\r\n");
    flushed = co_await connection.flush(kAnswerDeadline);
  }
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
      const json::value parsed = json::parse(*answer, error);
      co_return fail(Fault::refused,
                     parsed.is_object() ? string_in(parsed.get_object(), "error") : *answer);
    }
    line(std::move(*answer));
  }
}

}  // namespace veredus::manage
