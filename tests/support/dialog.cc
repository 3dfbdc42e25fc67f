#include "support/dialog.h"

#include <charconv>
#include <optional>
#include <sstream>
#include <vector>

#include "base/cursor.h"
#include "base/text.h"
#include "io/connection.h"
#include "io/sim/world.h"
#include "support/site.h"

namespace veredus::testing {
namespace {

constexpr std::chrono::seconds kPatience{60};  // Virtual; beyond the tarpit's delays.
constexpr std::size_t kLineOctetsMax = 4096;

struct Step {
  enum class Kind : std::uint8_t { expect, send, wait, stop, closed, quiet };
  Kind kind = Kind::expect;
  std::string text;
  std::chrono::seconds duration{0};
  std::size_t line = 0;
};

struct Script {
  std::string client = "192.0.2.9";
  std::vector<Step> steps;
  std::string error;
};

std::string unescape(std::string_view text) {
  std::string out;
  for (Cursor in(text); !in.done();) {
    out += in.take_while([](char c) { return c != '\\'; });
    if (!in.eat('\\')) break;
    if (in.eat('r'))
      out += '\r';
    else if (in.eat('n'))
      out += '\n';
    else if (in.eat('t'))
      out += '\t';
    else if (in.eat('\\'))
      out += '\\';
    else if (in.eat('x')) {
      const std::string_view digits = in.take(2);
      int value = 0;
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
      out += static_cast<char>(value);
    }
  }
  return out;
}

void add_send(Script& script, std::string text, std::size_t line) {
  if (!script.steps.empty() && script.steps.back().kind == Step::Kind::send)
    script.steps.back().text += text;
  else
    script.steps.push_back(Step{Step::Kind::send, std::move(text), {}, line});
}

/// A line that begins with "= ".
void add_directive(Script& script, std::string_view text, std::size_t line) {
  Cursor in(text);
  if (in.eat("client ")) {
    script.client = std::string(in.rest());
  } else if (in.eat("repeat ")) {
    const auto count = to_number(in.take_while(is_digit));
    in.eat(' ');
    for (std::uint64_t i = 0; i < count.value_or(0); ++i)
      add_send(script, std::string(in.rest()) + "\r\n", line);
  } else if (in.eat("wait ")) {
    const auto seconds = to_number<std::uint32_t>(in.take_while(is_digit));
    script.steps.push_back(
        Step{Step::Kind::wait, "", std::chrono::seconds(seconds.value_or(0)), line});
  } else if (in.eat("stop")) {
    script.steps.push_back(Step{Step::Kind::stop, "", {}, line});
  } else if (in.eat("closed")) {
    script.steps.push_back(Step{Step::Kind::closed, "", {}, line});
  } else if (in.eat("quiet")) {
    script.steps.push_back(Step{Step::Kind::quiet, "", {}, line});
  } else {
    script.error = "line " + std::to_string(line) + ": unknown directive";
  }
}

Script parse(std::string_view dialog) {
  Script script;
  std::istringstream lines{std::string(dialog)};
  std::string raw;
  for (std::size_t number = 1; std::getline(lines, raw); ++number) {
    const auto indent = raw.find_first_not_of(' ');
    if (indent == std::string::npos || raw[indent] == '#') continue;
    Cursor in(std::string_view(raw).substr(indent));
    if (in.eat("S: "))
      script.steps.push_back(Step{Step::Kind::expect, std::string(in.rest()), {}, number});
    else if (in.eat("C: "))
      add_send(script, std::string(in.rest()) + "\r\n", number);
    else if (in.eat("C:"))
      add_send(script, "\r\n", number);
    else if (in.eat("C~ "))
      add_send(script, unescape(in.rest()), number);
    else if (in.eat("= "))
      add_directive(script, in.rest(), number);
    else
      script.error = "line " + std::to_string(number) + ": not a dialog line: " + raw;
  }
  return script;
}

/// The client's side of one dialog.
class Player {
 public:
  Player(sim::World& world, const Script& script) : world_(world), script_(script) {}

  io::Task<> run(io::Endpoint server) {
    io::ConnectOptions options;
    options.source = *IpAddress::parse(script_.client);
    auto stream = co_await world_.outside().system().network.connect(server, options);
    if (!stream) {
      fail(Step{}, stream.error().text());
      co_return;
    }
    connection_.emplace(std::move(*stream));
    for (const Step& step : script_.steps) {
      co_await play(step);
      if (!problem_.empty()) break;
    }
    connection_->close();
    done_ = true;
  }

  bool is_done() const { return done_; }
  bool wants_stop() { return std::exchange(wants_stop_, false); }
  const std::string& problem() const { return problem_; }

 private:
  io::Task<> play(const Step& step) {
    switch (step.kind) {
      case Step::Kind::expect:
        co_await expect(step);
        break;
      case Step::Kind::send: {
        const std::vector<std::string_view> pieces{step.text};
        co_await connection_->write(pieces, kPatience);
        break;
      }
      case Step::Kind::wait:
        co_await world_.outside().sleep(step.duration);
        break;
      case Step::Kind::stop:
        wants_stop_ = true;
        break;
      case Step::Kind::closed:
        co_await expect_close(step);
        break;
      case Step::Kind::quiet:
        co_await expect_quiet(step);
        break;
    }
  }

  io::Task<> expect(const Step& step) {
    const auto line = co_await connection_->read_line(kLineOctetsMax, kPatience);
    if (!line)
      fail(step, "expected '" + step.text + "', but: " + line.error().text());
    else if (!matches(step.text, *line))
      fail(step, "expected '" + step.text + "', got '" + *line + "'");
  }

  io::Task<> expect_close(const Step& step) {
    const auto line = co_await connection_->read_line(kLineOctetsMax, kPatience);
    if (line)
      fail(step, "expected the end, got '" + *line + "'");
    else if (line.error().fault() != Fault::unavailable)
      fail(step, "the connection is still open");
  }

  io::Task<> expect_quiet(const Step& step) {
    const auto spoke = co_await connection_->wait_input(std::chrono::seconds(1));
    if (spoke || spoke.error().fault() != Fault::cancelled) fail(step, "expected silence");
  }

  void fail(const Step& step, const std::string& what) {
    problem_ = "line " + std::to_string(step.line) + ": " + what;
    done_ = true;
  }

  sim::World& world_;
  const Script& script_;
  std::optional<io::Connection> connection_;
  std::string problem_;
  bool done_ = false;
  bool wants_stop_ = false;
};

}  // namespace

bool matches(std::string_view pattern, std::string_view text) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (std::size_t at = star; at <= text.size(); ++at)
    if (matches(rest, text.substr(at))) return true;
  return false;
}

std::string play(std::string_view dialog, const AssemblyConfig& config, std::uint64_t seed) {
  const Script script = parse(dialog);
  if (!script.error.empty()) return script.error;
  sim::World world(seed);
  Site site(world, config);
  if (!site.start()) return "the server did not start";

  Player player(world, script);
  world.outside().spawn("client", player.run(site.endpoint()));
  bool wants_stop = false;
  world.run_until([&] { return player.is_done() || (wants_stop = player.wants_stop()); });
  if (wants_stop) {
    site.begin_stop();
    world.run_until([&] { return player.is_done(); });
  }
  if (!player.is_done()) return "the dialog did not come to its end";
  if (!player.problem().empty()) return player.problem();
  return world.failures().empty() ? "" : "a task failed: " + world.failures().front();
}

}  // namespace veredus::testing
