#include "support/dialog.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "io/connection.h"
#include "io/sim/world.h"
#include "support/site.h"

namespace veredus::testing {
namespace {

constexpr std::chrono::seconds kPatience{60};  // Virtual; beyond the tarpit's delays.
constexpr std::chrono::seconds kWritePatience{600};
constexpr std::chrono::milliseconds kLook{200};  // Between two looks into a mailbox.
constexpr std::size_t kLineOctetsMax = 4096;

std::vector<std::string_view> lines_of(std::string_view mail) {
  std::vector<std::string_view> lines;
  while (!mail.empty()) {
    const auto end = mail.find('\n');
    std::string_view line = mail.substr(0, end);
    mail.remove_prefix(end == std::string_view::npos ? mail.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
  }
  return lines;
}

/// What is not as the patterns say, or empty.
std::string compare_mail(const std::vector<std::string>& patterns, std::string_view mail) {
  const std::vector<std::string_view> lines = lines_of(mail);
  std::size_t at = 0;
  bool skipping = false;
  for (const std::string& pattern : patterns) {
    if (pattern == "...") {
      skipping = true;
      continue;
    }
    while (skipping && at < lines.size() && !matches(pattern, lines[at])) ++at;
    skipping = false;
    if (at == lines.size()) return "no line '" + pattern + "' in the mail:\n" + std::string(mail);
    if (!matches(pattern, lines[at]))
      return "the mail's line '" + std::string(lines[at]) + "' is not '" + pattern + "'";
    ++at;
  }
  if (at < lines.size() && !skipping)
    return "the mail goes on with '" + std::string(lines[at]) + "'";
  return "";
}

/// The client's side of one dialog, and the test's view of the server's mailboxes.
class Player {
 public:
  Player(sim::World& world, Site& site, const Script& script)
      : world_(world), site_(site), script_(script) {}

  io::Task<> run() {
    for (const Step& step : script_.steps) {
      step_ = &step;
      co_await play();
      if (!problem_.empty()) break;
    }
    hang_up();
    crowd_.clear();
    done_ = true;
  }

  bool is_done() const { return done_; }
  const std::string& problem() const { return problem_; }

 private:
  io::Task<> play() {
    switch (step_->kind) {
      case Step::Kind::client:
        client_ = step_->text;
        break;
      case Step::Kind::connect:
        hang_up();
        co_await connect();
        break;
      case Step::Kind::crowd:
        co_await bring_crowd();
        break;
      case Step::Kind::bytewise:
        bytewise_ = true;
        break;
      case Step::Kind::wait:
        co_await world_.outside().sleep(std::chrono::seconds(step_->number));
        break;
      case Step::Kind::drop:
        hang_up();
        break;
      case Step::Kind::stop:
        site_.begin_stop();
        break;
      case Step::Kind::disk:
        site_.disk().fail_commit(0, step_->text == "full" ? Fault::overloaded : Fault::unavailable);
        break;
      case Step::Kind::mailbox:
      case Step::Kind::nothing:
        co_await look_for_mail();
        break;
      default:
        co_await talk();
    }
  }

  /// Steps that need a connection.
  io::Task<> talk() {
    if (!connection_) co_await connect();
    if (!connection_) co_return;
    switch (step_->kind) {
      case Step::Kind::expect_line:
        co_await expect_line();
        break;
      case Step::Kind::expect_reply:
        co_await expect_reply();
        break;
      case Step::Kind::send:
        co_await send();
        break;
      case Step::Kind::quiet:
        co_await expect_quiet();
        break;
      default:
        co_await expect_close();
    }
  }

  io::Task<> connect() {
    auto stream = co_await open();
    if (!stream)
      fail(stream.error().text());
    else
      connection_.emplace(std::move(*stream));
  }

  io::Task<Result<std::unique_ptr<io::Stream>>> open() {
    io::ConnectOptions options;
    options.source = *IpAddress::parse(client_);
    auto stream = co_await world_.outside().system().network.connect(site_.endpoint(), options);
    co_return stream;
  }

  io::Task<> bring_crowd() {
    for (std::uint64_t i = 0; i < step_->number; ++i) {
      auto stream = co_await open();
      if (!stream) co_return fail(stream.error().text());
      crowd_.push_back(std::move(*stream));
    }
    co_await world_.outside().sleep(std::chrono::seconds(1));  // Until all have sat down.
  }

  void hang_up() {
    if (connection_) connection_->close();
    connection_.reset();
  }

  io::Task<> send() {
    const std::string_view text = step_->text;
    for (std::size_t at = 0; at < text.size();) {
      const std::string_view piece = text.substr(at, bytewise_ ? 1 : text.size());
      const std::vector<std::string_view> pieces{piece};
      // A server that has hung up may be told nothing more; what it said is still to be read.
      const auto sent = co_await connection_->write(pieces, kWritePatience);
      if (!sent) co_return;
      at += piece.size();
      if (bytewise_) co_await world_.outside().sleep(std::chrono::milliseconds(10));
    }
  }

  io::Task<> expect_line() {
    const auto line = co_await connection_->read_line(kLineOctetsMax, kPatience);
    judge_line(line);
  }

  io::Task<> expect_reply() {
    for (;;) {
      auto line = co_await connection_->read_line(kLineOctetsMax, kPatience);
      if (line && line->size() > 3 && (*line)[3] == '-') continue;
      judge_line(line);
      co_return;
    }
  }

  void judge_line(const Result<std::string>& line) {
    if (!line)
      fail("expected '" + step_->text + "', but: " + line.error().text());
    else if (!matches(step_->text, *line))
      fail("expected '" + step_->text + "', got '" + *line + "'");
  }

  io::Task<> expect_close() {
    const auto line = co_await connection_->read_line(kLineOctetsMax, kPatience);
    if (line)
      fail("expected the end, got '" + *line + "'");
    else if (line.error().fault() != Fault::unavailable)
      fail("the connection is still open");
  }

  io::Task<> expect_quiet() {
    const auto spoke = co_await connection_->wait_input(std::chrono::seconds(1));
    if (spoke || spoke.error().fault() != Fault::cancelled) fail("expected silence");
  }

  io::Task<> look_for_mail() {
    const bool wanted = step_->kind == Step::Kind::mailbox;
    std::size_t& seen = mails_seen_[step_->text];
    std::vector<std::string> mails = site_.mailbox(step_->text);
    for (Duration waited{}; mails.size() <= seen && waited < kPatience; waited += kLook) {
      co_await world_.outside().sleep(kLook);
      mails = site_.mailbox(step_->text);
    }
    if (mails.size() <= seen) {
      if (wanted) fail("no mail came");
      co_return;
    }
    const std::string mail = mails[seen++];
    if (!wanted) co_return fail("a mail came:\n" + mail);
    const std::string difference = compare_mail(step_->mail, mail);
    if (!difference.empty()) fail(difference);
  }

  void fail(const std::string& what) {
    problem_ = "line " + std::to_string(step_->line) + ": " + what;
  }

  sim::World& world_;
  Site& site_;
  const Script& script_;
  const Step* step_ = nullptr;
  std::string client_ = "192.0.2.9";
  std::optional<io::Connection> connection_;
  std::vector<std::unique_ptr<io::Stream>> crowd_;
  std::map<std::string, std::size_t> mails_seen_;
  bool bytewise_ = false;
  std::string problem_;
  bool done_ = false;
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

std::string play(const Script& script, std::uint64_t seed) {
  sim::Faults faults;
  faults.network.segments = !script.plain_wires;
  sim::World world(seed, faults);
  Site site(world, script.config);
  if (!site.start()) return "the server did not start";

  Player player(world, site, script);
  world.outside().spawn("client", player.run());
  const bool ended = world.run_until([&] { return player.is_done(); }, std::chrono::hours(24));
  if (!player.problem().empty()) return player.problem();
  if (!ended) return "the dialog did not come to its end";
  return world.failures().empty() ? "" : "a task failed: " + world.failures().front();
}

}  // namespace veredus::testing
